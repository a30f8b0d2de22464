// A server with calls whose runs the test ends, and the inspector's data of it.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import type { StateSummary } from '../../../machines/index.ts'
import {
  CallError,
  defineCall,
  memoryStore,
  rollcall,
  type Store,
  sqliteStore,
  type TaskEngine,
  Type,
} from '../../../server/index.ts'
import { temporaryFolder } from '../../support/temp.ts'

/** Each kind of store, empty and not yet opened. */
export const STORES: Record<string, (t: TestContext) => Promise<Store>> = {
  'the memory store': async () => memoryStore(),
  'the SQLite store': async t => sqliteStore(await temporaryFolder(t)),
}

export interface World {
  app: FastifyInstance
  engine: TaskEngine
  /** What `/inspect/data/<path>` answers with 200. */
  get: (path: string) => Promise<unknown>
  /** The code of what it refuses, with its status. */
  refusal: (path: string) => Promise<[number, string]>
  /** Lets the runs with this name end, those to come too. */
  release: (name: string) => void
  /** Resolves when the group's tasks stand like this. */
  counts: (groupId: string, expected: Partial<StateSummary>) => Promise<void>
}

/** Starts a server; it ends with the test. */
export async function startWorld(
  t: TestContext,
  { store = memoryStore(), concurrency = 100 }: { store?: Store; concurrency?: number } = {},
): Promise<World> {
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const gate = (name: string) => {
    const known = gates.get(name) ?? Promise.withResolvers<void>()
    gates.set(name, known)
    return known
  }
  const app = Fastify()
  t.after(() => {
    for (const { resolve } of gates.values()) resolve()
    return app.close()
  })
  await app.register(rollcall, { calls: callsOf(gate), store, concurrency })
  await app.ready()
  const { rollcall: engine } = app
  const ask = (path: string) => app.inject(`/inspect/data/${path}`)
  return {
    app,
    engine,
    get: async path => {
      const answer = await ask(path)
      assert.equal(answer.statusCode, 200, answer.payload)
      return answer.json()
    },
    refusal: async path => {
      const answer = await ask(path)
      return [answer.statusCode, answer.json().error.code]
    },
    release: name => gate(name).resolve(),
    counts: async (groupId, expected) => {
      await engine.core.until({
        read: () => engine.summary(groupId),
        done: summary =>
          Object.entries(expected).every(
            ([state, count]) => summary[state as keyof StateSummary] === count,
          ),
        concerns: ({ groups }) => groups.has(groupId),
        timeoutMs: 10_000,
      })
      const summary = await engine.summary(groupId)
      assert.deepEqual({ ...summary, ...expected }, summary)
    },
  }
}

function callsOf(gate: (name: string) => PromiseWithResolvers<void>) {
  const args = Type.Object({ gate: Type.Optional(Type.String()) })
  const held = (name = '', signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      gate(name).promise.then(resolve)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  return [
    defineCall({ name: 'ping', run: () => 'pong' }),
    defineCall({ name: 'hold', args, run: ({ gate: name }, { signal }) => held(name, signal) }),
    defineCall({
      name: 'keep',
      args,
      cancellable: false,
      run: ({ gate: name }) => gate(name ?? '').promise,
    }),
    defineCall({
      name: 'retry',
      retry: { limit: 1, delayMs: 3_600_000, backoff: 'fixed' },
      run: () => {
        throw new CallError('X0001', 'not yet')
      },
    }),
    defineCall({
      name: 'parent',
      args,
      run: async ({ gate: name }, { spawn, signal }) => {
        await spawn('ping', {})
        await held(name, signal)
      },
    }),
  ]
}

export function uses(operation: 'create' | 'read' | 'update' | 'delete', id = '1') {
  return [{ resource_type: 'repository', resource_id: id, operation }]
}
