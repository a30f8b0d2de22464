// Reads TypeScript well enough for tests about the source itself: what is code, and what it imports.

/** One module that a file names, in an import, an export, a type or a call of `import()`. */
export type Import = { specifier: string; line: number }

// A slash begins a regular expression where a value may begin, and divides everywhere else.
const VALUE_MAY_BEGIN =
  /(?:^|[(,=:[!&|?{};<>+*%~^-]|\b(?:return|typeof|case|in|of|do|else|yield|await))\s*$/

/**
 * The same text with comments and the insides of strings, templates and regular expressions turned
 * to spaces. Offsets and lines stay; code between `${` and `}` stays too.
 */
export function codeOnly(source: string): string {
  const out = source.split('')
  /** For each open `${`, the braces that were open when it began. */
  const templates: number[] = []
  let braces = 0
  let at = 0

  const blankTo = (end: number) => {
    for (; at < end; at++) if (out[at] !== '\n') out[at] = ' '
  }
  const skipTemplateText = () => {
    for (let end = at; ; end++) {
      if (source[end] === '\\') end++
      else if (source.startsWith('${', end)) {
        blankTo(end)
        at = end + 2
        templates.push(braces)
        return
      } else if (end >= source.length || source[end] === '`') {
        blankTo(Math.min(end, source.length))
        at = end + 1
        return
      }
    }
  }

  while (at < source.length) {
    const char = source[at]
    if (source.startsWith('//', at)) blankTo(endOf(source, '\n', at))
    else if (source.startsWith('/*', at)) blankTo(endOf(source, '*/', at + 2) + 2)
    else if (char === "'" || char === '"') {
      const end = closing(source, char, at)
      at++
      blankTo(end)
      at = end + 1
    } else if (char === '`') {
      at++
      skipTemplateText()
    } else if (char === '}' && templates.at(-1) === braces) {
      templates.pop()
      at++
      skipTemplateText()
    } else if (char === '/' && VALUE_MAY_BEGIN.test(out.slice(Math.max(0, at - 40), at).join(''))) {
      blankTo(closingRegex(source, at) + 1)
    } else {
      if (char === '{') braces++
      if (char === '}') braces--
      at++
    }
  }
  return out.slice(0, source.length).join('')
}

/** Every module that a file names with a literal, in order. */
export function importsOf(source: string): Import[] {
  const code = codeOnly(source)
  const naming = /\bfrom\s*(?=['"])|\b(?:import|require)\s*\(?\s*(?=['"])/g
  return [...code.matchAll(naming)].map(match => {
    const open = match.index + match[0].length
    const close = code.indexOf(source[open] ?? '', open + 1)
    return { specifier: source.slice(open + 1, close), line: lineAt(source, match.index) }
  })
}

/** The number of the line, from 1, that holds an offset. */
export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from)
  return end === -1 ? source.length : end
}

/** A quoted string ends on its line: an apostrophe in a page's text must not swallow what follows. */
function closing(source: string, quote: string, open: number): number {
  let end = open + 1
  while (end < source.length && source[end] !== quote && source[end] !== '\n') {
    end += source[end] === '\\' ? 2 : 1
  }
  return end
}

function closingRegex(source: string, open: number): number {
  let end = open + 1
  for (let inClass = false; end < source.length && source[end] !== '\n'; end++) {
    const char = source[end]
    if (char === '\\') end++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) break
  }
  return end
}
