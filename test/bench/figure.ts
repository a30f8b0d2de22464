// What a figure is: a number of ours, the yardstick's from the same round, and the goal that their ratio has.

import type { Summary } from './statistics.ts'

/** What a ratio, a difference or a number must be. */
export type Goal =
  /** ours / yardstick, at least: of rates. */
  | { kind: 'ratio at least'; value: number }
  /** ours / yardstick, at most: of times. */
  | { kind: 'ratio at most'; value: number }
  /** ours / yardstick, at most, or ours, at most: whichever is more. */
  | { kind: 'ratio or value at most'; ratio: number; value: number }
  /** ours - yardstick, at most. */
  | { kind: 'more by at most'; value: number }
  /** ours, at most. */
  | { kind: 'at most'; value: number }
  /** ours, a count of broken promises, is 0 in every round. */
  | { kind: 'none broken' }
  | { kind: 'none' }

export interface Figure {
  name: string
  what: string
  /** What it is compared with; null: nothing. */
  yardstick: string | null
  /** Of ours and of the yardstick. */
  unit: string
  goal: Goal
}

/** One round of one figure. */
export interface Sample {
  figure: string
  ours: number
  yardstick: number | null
  /** What else there is to know of it, by name with the unit last. */
  details?: Record<string, number | string>
}

/** A figure that this machine cannot measure, and why. */
export interface Missing {
  figure: string
  missing: string
}

/** Why a quick run leaves a figure out. */
export const LONG = 'it takes too long for a quick run'

/** What a bench is run with. */
export interface Conditions {
  rounds: number
  /** Smaller sizes, for a run of under a minute. */
  isQuick: boolean
  /** Whether a figure was asked for. */
  wants(figure: string): boolean
  /** Gives a folder of that name, empty, on a disk; all are removed when the bench ends. */
  folder(name: string): Promise<string>
  /** Removes one that takes much room before that. */
  discard(folder: string): Promise<void>
  /** Progress, for whoever looks on. */
  say(text: string): void
}

/** Figures that are measured together. */
export interface Bench {
  name: string
  figures: readonly Figure[]
  measure(conditions: Conditions): AsyncGenerator<Sample | Missing>
}

/** What the goal is about, of one round: a ratio, a difference or ours alone. */
export function compared(goal: Goal, ours: number, yardstick: number | null): number {
  switch (goal.kind) {
    case 'ratio at least':
    case 'ratio at most':
    case 'ratio or value at most':
      return yardstick === null ? Number.NaN : ours / yardstick
    case 'more by at most':
      return yardstick === null ? Number.NaN : ours - yardstick
    case 'at most':
    case 'none broken':
      return ours
    case 'none':
      return yardstick === null ? ours : ours / yardstick
  }
}

/**
 * Whether the goal is reached by what `compared` gave and by ours, over all rounds: the median of a
 * measurement, and the worst of a promise. null: there is no goal.
 */
export function isReached(goal: Goal, compared: Summary, ours: Summary): boolean | null {
  const value = compared.median
  switch (goal.kind) {
    case 'ratio at least':
      return value >= goal.value
    case 'ratio at most':
    case 'more by at most':
    case 'at most':
      return value <= goal.value
    case 'ratio or value at most':
      return value <= goal.ratio || ours.median <= goal.value
    case 'none broken':
      return compared.max === 0
    case 'none':
      return null
  }
}
