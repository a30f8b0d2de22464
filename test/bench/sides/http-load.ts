// The client of every HTTP figure, in a process of its own: as fast as answers come, or at a given pace.
import { cpuUsage } from 'node:process'
import { HttpConnection } from '../http-connection.ts'
import { answer, answerQuestions, given } from '../side.ts'

export interface Flood {
  kind: 'flood'
  port: number
  connections: number
  durationMs: number
  /** One for each connection in turn. `#` × 10 in it becomes a number that was never sent before. */
  requests: string[]
  status: number
}
export interface Flooded {
  answers: number
  /** Of all answers. */
  bodyBytes: number
  seconds: number
  /** Processor time of the client: as long as `seconds`, and it is the client that is measured. */
  clientSeconds: number
}
/** Requests at a steady pace, from `start` until `stop`. */
export interface Pace {
  kind: 'start'
  port: number
  connections: number
  perSecond: number
  request: string
}
export interface Paced {
  /** From when a request was due until its answer was there, in ms. */
  latenciesMs: number[]
}

const PLACEHOLDER = '#'.repeat(10)
let sent = 0
let stopPacing: () => Promise<Paced> = () => Promise.reject(new Error('nothing was started'))

await given()
answerQuestions(async (question: Flood | Pace | { kind: 'stop' }): Promise<object> => {
  switch (question.kind) {
    case 'flood':
      return flood(question)
    case 'start':
      stopPacing = await pace(question)
      return {}
    case 'stop':
      return stopPacing()
  }
})
answer({})

async function flood({ port, connections, durationMs, requests, status }: Flood): Promise<Flooded> {
  const open = await Promise.all(
    Array.from({ length: connections }, () => HttpConnection.open(port)),
  )
  let count = 0
  const cpuBefore = cpuUsage()
  const startedMs = performance.now()
  const endMs = startedMs + durationMs
  await Promise.all(
    open.map((connection, nth) => {
      const request = Buffer.from(requests[nth % requests.length] as string)
      const places = placeholders(request)
      return new Promise<void>((resolve, reject) => {
        const next = () => {
          if (places.length > 0) {
            const number = String(sent++).padStart(PLACEHOLDER.length, '0')
            for (const at of places) request.write(number, at, 'latin1')
          }
          connection.send(request, answered => {
            if (answered !== status) reject(new Error(`answered ${answered} and not ${status}`))
            count += 1
            if (performance.now() < endMs) next()
            else resolve()
          })
        }
        next()
      })
    }),
  )
  const seconds = (performance.now() - startedMs) / 1_000
  const { user, system } = cpuUsage(cpuBefore)
  for (const connection of open) connection.close()
  const bodyBytes = open.reduce((sum, connection) => sum + connection.bodyBytes, 0)
  return { answers: count, bodyBytes, seconds, clientSeconds: (user + system) / 1e6 }
}

function placeholders(request: Buffer): number[] {
  const places: number[] = []
  for (let at = request.indexOf(PLACEHOLDER); at >= 0; at = request.indexOf(PLACEHOLDER, at + 1)) {
    places.push(at)
  }
  return places
}

/** Every 2 ms it sends what has become due; what finds no free connection waits, and its wait counts. */
async function pace({
  port,
  connections,
  perSecond,
  request,
}: Pace): Promise<() => Promise<Paced>> {
  const bytes = Buffer.from(request)
  const free = await Promise.all(
    Array.from({ length: connections }, () => HttpConnection.open(port)),
  )
  const latenciesMs: number[] = []
  const due: number[] = []
  const drained = Promise.withResolvers<void>()
  let isStopping = false
  const sendDue = () => {
    while (due.length > 0) {
      const connection = free.pop()
      if (connection === undefined) return
      const dueMs = due.shift() as number
      connection.send(bytes, status => {
        if (status !== 200) throw new Error(`answered ${status} and not 200`)
        latenciesMs.push(performance.now() - dueMs)
        free.push(connection)
        sendDue()
      })
    }
    if (isStopping && free.length === connections) drained.resolve()
  }
  const startedMs = performance.now()
  let scheduled = 0
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (; scheduled < ((nowMs - startedMs) * perSecond) / 1_000; scheduled += 1) due.push(nowMs)
    sendDue()
  }, 2)
  return async () => {
    clearInterval(timer)
    isStopping = true
    sendDue()
    await drained.promise
    for (const connection of free) connection.close()
    return { latenciesMs }
  }
}
