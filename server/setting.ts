// One value that a user gave, and the refusal of one that does not hold.

/** Where a value came from, as the user would write it, and the value. */
export interface Setting {
  source: string
  value: string
}

/** Something that a user gave and Rollcall cannot use; `readConfig` turns it into a message. */
export class Unusable extends Error {}

export function unusable(setting: Setting, rule: string): Unusable {
  return new Unusable(`${setting.source} is "${setting.value}", but ${rule}`)
}
