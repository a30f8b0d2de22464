// The inside of a measuring process: what it was given, how it answers, and that it ends with its parent.
import { once } from 'node:events'
import process from 'node:process'

/** What the parent passed to `Side.start` or `measure` in process.ts. */
export async function given<Given>(): Promise<Given> {
  const [message] = await once(process, 'message')
  return message as Given
}

/** Sends one answer to the parent. */
export function answer(message: object): void {
  process.send?.(message)
}

/** Sends the one answer that this process was started for, and ends it. */
export function conclude(message: object): void {
  process.off('disconnect', orphaned)
  answer(message)
  process.disconnect()
}

/** Answers each question of the parent with what `handle` gives, in order; a failure ends the process. */
export function answerQuestions<Question>(handle: (question: Question) => Promise<object>): void {
  let last = Promise.resolve()
  process.on('message', (question: Question) => {
    last = last.then(async () => answer(await handle(question)))
  })
}

process.on('disconnect', orphaned)

function orphaned(): never {
  process.exit(1)
}
