// Which entries of the journal tell of a task that its row may not have taken in yet, oldest first. Until its row
// is written a task is mostly told of three times: of its submission, start and end. These are numbers in its own
// object, since a list for each task would outlive what it is made with, which is what V8 takes most time for.

export interface Told {
  readonly seq: number
  /** 0: there is none. */
  firstEntry: number
  secondEntry: number
  thirdEntry: number
  moreEntries: number[] | null
}

/** Takes note that one more entry tells of it. */
export function toldIn(told: Told, entry: number): void {
  if (told.firstEntry === 0) told.firstEntry = entry
  else if (told.secondEntry === 0) told.secondEntry = entry
  else if (told.thirdEntry === 0) told.thirdEntry = entry
  else if (told.moreEntries === null) told.moreEntries = [entry]
  else told.moreEntries.push(entry)
}

export function entriesOf({ firstEntry, secondEntry, thirdEntry, moreEntries }: Told): number[] {
  const few = [firstEntry, secondEntry, thirdEntry].filter(entry => entry !== 0)
  return moreEntries === null ? few : few.concat(moreEntries)
}

/** Takes note that its row has taken in what it was told up to an entry. */
export function writtenUpTo(told: Told, entry: number): void {
  const left = entriesOf(told).filter(each => each > entry)
  const [first = 0, second = 0, third = 0] = left
  told.firstEntry = first
  told.secondEntry = second
  told.thirdEntry = third
  told.moreEntries = left.length > 3 ? left.slice(3) : null
}
