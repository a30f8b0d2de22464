// What a screen reader is told besides what it reads: results of actions and the state of the
// connection; never each change. The same sentences are shown for a while.
import { signal } from '@preact/signals'

export interface Notice {
  id: number
  text: string
  tone: 'good' | 'bad'
}

export const notices = signal<readonly Notice[]>([])

/** How long a notice is shown, in ms. */
const SHOWN_MS = 6_000

let lastId = 0

/** Shows a sentence, and has it read. */
export function announce(text: string, tone: Notice['tone'] = 'good'): void {
  lastId += 1
  const notice = { id: lastId, text, tone }
  notices.value = [...notices.value.slice(-2), notice]
  setTimeout(() => dismiss(notice.id), SHOWN_MS)
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter(notice => notice.id !== id)
}
