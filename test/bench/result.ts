// What a run measured, figure by figure: the JSON file, and the table at the end.
import { compared, type Figure, type Goal, isReached, type Sample } from './figure.ts'
import { type Summary, summarize } from './statistics.ts'

export interface FigureResult {
  figure: string
  what: string
  unit: string
  yardstick: string | null
  goal: Goal
  /** Why there are no samples; null when there are. */
  missing: string | null
  ours: Summary | null
  theirs: Summary | null
  /** The ratio, difference or number that the goal is about, of each round by itself. */
  compared: Summary | null
  /** null: it was not measured, or has no goal. */
  reached: boolean | null
  samples: Sample[]
}

export function resultOf(figure: Figure, samples: Sample[], missing: string | null): FigureResult {
  const { name, what, unit, yardstick, goal } = figure
  const head = { figure: name, what, unit, yardstick, goal, missing, samples }
  if (samples.length === 0) {
    const none = { ours: null, theirs: null, compared: null, reached: null }
    return { ...head, missing: missing ?? 'no round of it ended', ...none }
  }
  const ours = summarize(samples.map(sample => sample.ours))
  const theirs = samples.flatMap(sample => sample.yardstick ?? [])
  const values = summarize(samples.map(sample => compared(goal, sample.ours, sample.yardstick)))
  return {
    ...head,
    ours,
    theirs: theirs.length === 0 ? null : summarize(theirs),
    compared: values,
    reached: isReached(goal, values, ours),
  }
}

/** One line a figure, columns aligned. */
export function tableOf(results: readonly FigureResult[]): string {
  const head = ['figure', 'what', 'ours', 'yardstick', 'ratio', '(spread)', 'goal', 'reached']
  const lines = [head, ...results.map(lineOf)]
  const widths = head.map((_, at) => Math.max(...lines.map(line => (line[at] as string).length)))
  return lines
    .map(line =>
      line
        .map((cell, at) => cell.padEnd(widths[at] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function lineOf(result: FigureResult): string[] {
  const { figure, what, unit, ours, theirs, compared: value, goal } = result
  if (ours === null || value === null) {
    return [figure, what, 'not measured', '', '', '', goalText(goal, unit), '-']
  }
  return [
    figure,
    what,
    goal.kind === 'none broken' ? `${ours.max} ${unit}` : `${numberText(ours.median)} ${unit}`,
    theirs === null ? '' : `${numberText(theirs.median)} ${unit}`,
    comparedText(goal, value.median, unit, theirs !== null),
    value.min === value.max ? '' : `(${numberText(value.min)} to ${numberText(value.max)})`,
    goalText(goal, unit),
    result.reached === null ? '-' : result.reached ? 'yes' : 'NO',
  ]
}

/** One sample as a line of progress. */
export function sampleText({ goal, unit, name }: Figure, { ours, yardstick }: Sample): string {
  const value = comparedText(goal, compared(goal, ours, yardstick), unit, yardstick !== null)
  const against = yardstick === null ? '' : `, yardstick ${numberText(yardstick)} ${unit}`
  return `${name}: ${numberText(ours)} ${unit}${against}${value === '' ? '' : ` → ${value}`}`
}

export function goalText(goal: Goal, unit: string): string {
  switch (goal.kind) {
    case 'ratio at least':
      return `≥ ${goal.value} ×`
    case 'ratio at most':
      return `≤ ${goal.value} ×`
    case 'ratio or value at most':
      return `≤ ${goal.value} ${unit} or ${goal.ratio} ×`
    case 'more by at most':
      return `≤ + ${goal.value} ${unit}`
    case 'at most':
      return `≤ ${goal.value} ${unit}`
    case 'none broken':
      return 'none'
    case 'none':
      return ''
  }
}

function comparedText(goal: Goal, value: number, unit: string, hasYardstick: boolean): string {
  switch (goal.kind) {
    case 'ratio at least':
    case 'ratio at most':
    case 'ratio or value at most':
      return `${value.toFixed(2)} ×`
    case 'more by at most':
      return `+ ${numberText(value)} ${unit}`
    case 'at most':
    case 'none broken':
      return ''
    case 'none':
      return hasYardstick ? `${value.toFixed(2)} ×` : ''
  }
}

function numberText(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}
