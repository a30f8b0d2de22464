// Content negotiation (RFC 9110, 12.5.1): which of the types that we have a client would rather see.

interface Range {
  type: string
  subtype: string
  quality: number
}

/**
 * The offered type that `Accept` likes most; of equals the first. A client that likes none of them is
 * given the first all the same, as the RFC allows: most send a header without meaning it.
 *
 * @param offered Media types without parameters, one or more, the default first.
 */
export function preferred(accept: string | undefined, offered: readonly string[]): string {
  const ranges = (accept || '*/*').split(',').flatMap(rangeOf)
  let best = { type: offered[0] as string, quality: 0 }
  for (const type of offered) {
    const quality = qualityOf(type, ranges)
    if (quality > best.quality) best = { type, quality }
  }
  return best.type
}

/** Whether `Accept` allows a type; without the header every type is. */
export function accepts(accept: string | undefined, type: string): boolean {
  return !accept || qualityOf(type, accept.split(',').flatMap(rangeOf)) > 0
}

function rangeOf(text: string): Range[] {
  const [range = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const [, type, subtype] = /^([^/\s]+)\/([^/\s]+)$/.exec(range) ?? []
  if (type === undefined || subtype === undefined) return []
  const quality = parameters.find(parameter => parameter.startsWith('q='))?.slice(2) ?? '1'
  return [{ type, subtype, quality: /^(0(\.\d*)?|1(\.0*)?)$/.test(quality) ? Number(quality) : 1 }]
}

/** The quality of the narrowest range that the type is in; 0 when it is in none. */
function qualityOf(offered: string, ranges: readonly Range[]): number {
  const [type, subtype] = offered.split('/')
  const matching =
    ranges.find(range => range.type === type && range.subtype === subtype) ??
    ranges.find(range => range.type === type && range.subtype === '*') ??
    ranges.find(range => range.type === '*' && range.subtype === '*')
  return matching?.quality ?? 0
}
