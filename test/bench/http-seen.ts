// What there is to look at in a server of ours: tasks and a group, with the answers that it gives of them.
import { API } from './http-requests.ts'
import type { Side } from './process.ts'
import type { BareServer } from './sides/bare-server.ts'
import type { GroupSubmitted, Settle, SubmitGroup } from './sides/rollcall-server.ts'

/** Tasks of the group that is looked at; all of them have ended. */
export const GROUP = 1_000

/** An answer, for the yardstick to give too. */
export interface Seen {
  answer: BareServer['answers'][number]
  etag: string
}
export interface Looked {
  /** Half of them have ended, half wait. */
  tasks: Seen[]
  group: Seen
}

/**
 * Makes tasks to look at in a fresh server, and looks.
 *
 * @param count Of tasks to look at, even.
 */
export async function lookAt(side: Side, port: number, count: number): Promise<Looked> {
  const submit = (question: SubmitGroup) => side.ask<GroupSubmitted>(question)
  const ended = await submit({ kind: 'submit', tasks: GROUP })
  await side.ask({ kind: 'settle' } satisfies Settle)
  const waiting = await submit({
    kind: 'submit',
    tasks: GROUP,
    startAfter: '2999-01-01T00:00:00Z',
  })
  const half = count / 2
  const taskIds = [...ended.taskIds.slice(0, half), ...waiting.taskIds.slice(0, half)]
  const tasks: Seen[] = []
  for (const taskId of taskIds) tasks.push(await answerOf(port, `${API}/tasks/${taskId}/`))
  return { tasks, group: await answerOf(port, `${API}/task_groups/${ended.groupId}/`) }
}

/** Headers that Node.js writes by itself, for both. */
const OF_THE_SERVER = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
])

async function answerOf(port: number, path: string): Promise<Seen> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  const headers = Object.fromEntries(
    [...response.headers].filter(([name]) => !OF_THE_SERVER.has(name)),
  )
  const body = await response.text()
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${body}`)
  return { answer: { path, headers, body }, etag: response.headers.get('etag') ?? '' }
}
