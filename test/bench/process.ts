// Processes that measure: each figure has heaps, caches and connections of its own.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'

/** The programs in sides/. */
export type SideName =
  | 'bare-server'
  | 'bullmq'
  | 'engine-acknowledge'
  | 'engine-audit'
  | 'engine-cancel'
  | 'engine-fill'
  | 'engine-lives'
  | 'engine-open'
  | 'engine-queue'
  | 'graphile-worker'
  | 'http-load'
  | 'pg-boss'
  | 'postgres'
  | 'redis'
  | 'rollcall-server'
  | 'sqlite-lives'
  | 'sqlite-read'

let profileFolder: (name: SideName) => string | null = () => null

/** From here on, the sides that `folder` names a folder for leave the profiles of their threads there. */
export function profileInto(folder: (name: SideName) => string | null): void {
  profileFolder = folder
}

/** A measuring process that answers questions until it is stopped. */
export class Side {
  readonly #child: ChildProcess
  readonly #name: SideName

  private constructor(name: SideName, child: ChildProcess) {
    this.#name = name
    this.#child = child
  }

  /**
   * Starts sides/<name>.ts; its first answer is `ready`.
   *
   * @param nodeOptions Options of the process's node, such as `--expose-gc`.
   * @throws {Error} It ended before it answered; what it said is on standard error.
   */
  static async start<Ready>(
    name: SideName,
    given: object,
    nodeOptions: string[] = [],
  ): Promise<{ side: Side; ready: Ready }> {
    const profiles = profileFolder(name)
    const child = fork(join(import.meta.dirname, 'sides', `${name}.ts`), {
      execArgv: nodeOptions,
      // By the environment, which reaches threads that are started with options of their own.
      ...(profiles !== null && {
        env: { ...process.env, NODE_OPTIONS: `--cpu-prof "--cpu-prof-dir=${profiles}"` },
      }),
    })
    const side = new Side(name, child)
    child.send(given)
    return { side, ready: (await side.#answer()) as Ready }
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** One question at a time; the side's next answer is this question's. */
  ask<Answer>(question: object): Promise<Answer> {
    const answered = this.#answer()
    this.#child.send(question)
    return answered as Promise<Answer>
  }

  /** Lets the process exit; resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#end(() => this.#child.disconnect())
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    await this.#end(() => this.#child.kill('SIGKILL'))
  }

  /** Resolves when the process has ended by itself. @throws {Error} Not with status 0. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await once(this.#child, 'exit')
    }
    if (this.#child.exitCode !== 0) throw this.#broken()
  }

  #answer(): Promise<unknown> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return Promise.reject(this.#broken())
    return new Promise((resolve, reject) => {
      const exited = () => {
        child.off('message', answered)
        reject(this.#broken())
      }
      const answered = (message: unknown) => {
        child.off('exit', exited)
        resolve(message)
      }
      child.once('message', answered)
      child.once('exit', exited)
    })
  }

  async #end(end: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    end()
    await gone
  }

  #broken(): Error {
    const { exitCode, signalCode } = this.#child
    return new Error(`${this.#name} ended with ${signalCode ?? `status ${exitCode}`}`)
  }
}

/** Runs sides/<name>.ts to its one answer and its end. */
export async function measure<Answer>(
  name: SideName,
  given: object,
  nodeOptions: string[] = [],
): Promise<Answer> {
  const { side, ready } = await Side.start<Answer>(name, given, nodeOptions)
  await side.ended()
  return ready
}
