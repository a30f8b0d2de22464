// Histories as files, to keep one that breaks something and to run it again.
import { readFileSync, writeFileSync } from 'node:fs'
import type { Finding } from './findings.ts'
import { ACTION_TYPES } from './generate.ts'
import type { History } from './history.ts'
import { OptionError } from './options.ts'

/** Writes a history with the invariant that it breaks, one step a line. */
export function saveHistory(
  file: string,
  { seed, first, steps }: History,
  { rule }: Finding,
): void {
  const lines = steps.map(step => `  ${JSON.stringify(step)}`)
  const head = `{"rule": ${JSON.stringify(rule)}, "seed": ${seed}, "first": ${JSON.stringify(first)},`
  writeFileSync(file, `${head}\n "steps": [\n${lines.join(',\n')}\n]}\n`)
}

/** @throws {OptionError} The file cannot be read, or holds no history. */
export function loadHistory(file: string): History {
  const { seed, first, steps } = parsed(file)
  const isHistory =
    Number.isInteger(seed) &&
    first?.concurrency >= 1 &&
    first?.sliceLimit >= 1 &&
    Array.isArray(steps)
  if (!isHistory) throw new OptionError(`${file} holds no history: seed, first and steps`)
  const unknown = steps.findIndex(each => !ACTION_TYPES.includes(each?.action?.type))
  if (unknown !== -1)
    throw new OptionError(`${file}: step ${unknown + 1} is ${JSON.stringify(steps[unknown])}`)
  return { seed, first, steps }
}

function parsed(file: string): History {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new OptionError(`${file} cannot be read as a history: ${(error as Error).message}`)
  }
}
