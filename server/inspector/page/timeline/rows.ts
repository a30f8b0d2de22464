// Which tasks stand in which row: one each, or, when there are many, so many together.

export interface Level {
  /** Tasks in a row. */
  tasks: number
  rowPx: number
}

/** From the closest to the widest. */
const CLOSE: readonly Level[] = [
  { tasks: 1, rowPx: 26 },
  { tasks: 1, rowPx: 12 },
]
/** A row of many is as high as there is room, between these. */
const WIDE_ROW_PX = { min: 34, max: 72 }

/** All levels for so many tasks; the last shows them on one screen or less. */
export function levelsOf(taskCount: number, heightPx: number): Level[] {
  const levels = [...CLOSE]
  let tasks = 1
  while (rowsAt(levels.at(-1) as Level, taskCount) * (levels.at(-1) as Level).rowPx > heightPx) {
    tasks *= 10
    const rowPx = Math.floor(heightPx / Math.ceil(taskCount / tasks))
    levels.push({ tasks, rowPx: Math.max(WIDE_ROW_PX.min, Math.min(WIDE_ROW_PX.max, rowPx)) })
    if (tasks >= taskCount) break
  }
  return levels
}

/** Screens that it may take to see all at each level, for it to be the first that is shown. */
const SCREENS_MAX = [4, 10]

/** The closest level at which it does not take too long to see all. */
export function firstLevel(levels: readonly Level[], taskCount: number, heightPx: number): number {
  const found = levels.findIndex(
    (level, at) => rowsAt(level, taskCount) * level.rowPx <= heightPx * (SCREENS_MAX[at] ?? 2),
  )
  return found < 0 ? levels.length - 1 : found
}

export function rowsAt({ tasks }: Level, taskCount: number): number {
  return Math.ceil(taskCount / tasks)
}
