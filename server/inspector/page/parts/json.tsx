// JSON as a person reads it: indented, coloured, and cut where it is very long.
import { useMemo, useState } from 'preact/hooks'
import type { Json } from '../data.ts'
import { Scrolled } from './scrolled.tsx'
import { CopyButton } from './text.tsx'

/** Characters that are shown at first. */
const SHOWN_MAX = 6_000
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

export function JsonView({ value, label }: { value: Json; label: string }) {
  const text = useMemo(() => JSON.stringify(value, null, 2), [value])
  const [isWhole, setWhole] = useState(false)
  const isCut = !isWhole && text.length > SHOWN_MAX
  return (
    <div class="json">
      <CopyButton text={text} label={`Copy ${label}`} />
      <Scrolled label={label}>
        {coloured(isCut ? text.slice(0, SHOWN_MAX) : text)}
        {isCut && '…'}
      </Scrolled>
      {isCut && (
        <button type="button" class="button small" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </div>
  )
}

function coloured(text: string): (string | preact.JSX.Element)[] {
  const parts: (string | preact.JSX.Element)[] = []
  let from = 0
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(from, match.index))
    const [token, string, colon] = match
    const kind = string === undefined ? 'literal' : colon === undefined ? 'string' : 'key'
    parts.push(
      <span key={match.index} class={`json-${kind}`}>
        {string ?? token}
      </span>,
    )
    if (colon !== undefined) parts.push(colon)
    from = match.index + token.length
  }
  parts.push(text.slice(from))
  return parts
}
