// `rollcall replay`: a history file through the machines, step by step, for a person to read.
import { Replay } from '../../machines/replay.ts'
import type { ReplayConfig } from './options.ts'
import { pour } from './pour.ts'
import { Printer } from './print.ts'
import { type HistoryFile, openHistory } from './read.ts'

/**
 * Replays a file and prints each step.
 *
 * @returns The exit status: 0 when the machines do as recorded, 1 when not.
 * @throws {BadRequestError} The file cannot be replayed.
 */
export async function replayFile(
  { file }: ReplayConfig,
  stdout: NodeJS.WritableStream,
): Promise<number> {
  const history = await openHistory(file)
  const printer = new Printer(history)
  await pour(texts(history, printer), stdout)
  return printer.differences === 0 ? 0 : 1
}

async function* texts(history: HistoryFile, printer: Printer): AsyncGenerator<string> {
  const replay = new Replay(history.group, { purged: history.purgedCount > 0 })
  yield printer.head()
  for await (const { event, row } of history.events()) yield printer.step(replay.take(event, row))
  yield printer.end(replay)
}
