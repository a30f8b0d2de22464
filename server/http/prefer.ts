// The Prefer header (RFC 7240): whether a client waits for a result, and how long.

/** What a client prefers; null when it does not say. */
export interface Preferences {
  respondAsync: boolean
  /** How long to wait, in ms; at most `WAIT_MAX_S`. */
  waitMs: number | null
}

/** The longest wait that is granted, in seconds. */
export const WAIT_MAX_S = 300

const NONE: Preferences = Object.freeze({ respondAsync: false, waitMs: null })

/** Reads the header; what is malformed or not known is passed over, as the standard asks. */
export function preferencesOf(header: string | string[] | undefined): Preferences {
  if (header === undefined) return NONE
  const preferences: Preferences = { respondAsync: false, waitMs: null }
  for (const part of [header].flat().join(',').split(',')) {
    const [name = '', value = ''] = (part.split(';')[0] ?? '').split('=').map(text => text.trim())
    if (name.toLowerCase() === 'respond-async') preferences.respondAsync = true
    if (name.toLowerCase() === 'wait') {
      // The first of several counts.
      preferences.waitMs ??= waitMsOf(value.replace(/^"(.*)"$/, '$1'))
    }
  }
  return preferences
}

function waitMsOf(seconds: string): number | null {
  return /^\d{1,10}$/.test(seconds) ? Math.min(Number(seconds), WAIT_MAX_S) * 1_000 : null
}

/** The header that tells a client which of its preferences were honoured. */
export function preferenceApplied({ respondAsync, waitMs }: Preferences): Record<string, string> {
  if (!respondAsync && waitMs === null) return {}
  const applied = [
    ...(respondAsync ? ['respond-async'] : []),
    ...(waitMs === null ? [] : [`wait=${waitMs / 1_000}`]),
  ]
  return { 'preference-applied': applied.join(', ') }
}
