// What readers of the live streams cost the engine: 20,000 tasks in one group, with so many readers of it.
// Run: node test/bench/streams.ts [tasks]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process, { argv, cpuUsage, memoryUsage, stdout } from 'node:process'
import Fastify from 'fastify'
import { createEngine, defineCall, rollcall, sqliteStore } from '../../server/index.ts'

const TASKS = Number(argv[2] ?? 20_000)
const nothing = defineCall({ name: 'nothing', run: () => null })

/** A process of its own, so that the reading itself costs the engine nothing. */
async function read(port: number, path: string, count: number, isReading: boolean): Promise<void> {
  let bytes = 0
  const sockets: Socket[] = []
  for (let at = 0; at < count; at += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => process.exit(0))
    await once(socket, 'connect')
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await once(socket, 'readable')
    if (isReading) {
      socket.on('data', chunk => {
        bytes += chunk.length
      })
    }
    sockets.push(socket)
  }
  process.send?.('reading')
  process.on('message', () => process.send?.({ bytes }))
}

async function measured(readers: number, isReading: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-'))
  const engine = createEngine({
    calls: [nothing],
    store: sqliteStore(folder),
    concurrency: 100,
  })
  const app = Fastify()
  await app.register(rollcall, { engine })
  await app.listen({ port: 0 })
  const port = Number(new URL(app.listeningOrigin).port)
  const { groupId } = await engine.submitGroup({ calls: [], open: true })
  const path = `/pulp/api/v2/task_groups/${groupId}/events/`
  const child = fork(import.meta.filename, [
    'read',
    String(port),
    path,
    String(readers),
    String(isReading),
  ])
  await once(child, 'message')
  const ended = Promise.withResolvers<void>()
  engine.subscribe(({ groups }) => {
    if (groups.get(groupId)?.counts.finished === TASKS) ended.resolve()
  })
  const memoryBefore = memoryUsage().rss
  const startedMs = performance.now()
  const cpuBefore = cpuUsage()
  await engine.addToGroup(
    groupId,
    Array.from({ length: TASKS }, () => ({ call: nothing })),
  )
  await ended.promise
  const { user, system } = cpuUsage(cpuBefore)
  const seconds = (performance.now() - startedMs) / 1_000
  const memory = (memoryUsage().rss - memoryBefore) / 2 ** 20
  const bytes = await bytesOf(child)
  const what = `${readers} ${isReading ? 'readers' : 'that never read'}`
  stdout.write(
    `${what.padEnd(22)} ${Math.round(TASKS / seconds)} tasks/s, ${Math.round((user + system) / TASKS)} µs CPU a task, ${(bytes / 2 ** 20).toFixed(1)} MiB read, ${memory.toFixed(0)} MiB more memory\n`,
  )
  child.kill()
  await engine.close()
  await app.close()
  await rm(folder, { recursive: true })
}

async function bytesOf(child: ChildProcess): Promise<number> {
  child.send('bytes')
  const [{ bytes }] = (await once(child, 'message')) as [{ bytes: number }]
  return bytes
}

if (argv[2] === 'read') {
  await read(Number(argv[3]), String(argv[4]), Number(argv[5]), argv[6] === 'true')
} else {
  await measured(0, true)
  for (const readers of [0, 1, 10, 100, 1_000]) await measured(readers, true)
  await measured(100, false)
}
