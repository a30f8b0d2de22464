// A real `rollcall serve` in a process of its own, and requests to it.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after } from 'node:test'

const root = join(import.meta.dirname, '..', '..')

export const api = '/pulp/api/v2'

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on bodies of every shape.
  body: any
}

export interface RequestOptions {
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** A server that all tests of a file share; it ends with them. */
export async function serverForFile(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-'))
  const server = await startServer(join(folder, 'data'))
  after(async () => {
    await server.end()
    await rm(folder, { recursive: true })
  })
  return server
}

/** Starts a server on a data folder; `args` are further options of the command line. */
export async function startServer(data: string, args: string[] = []): Promise<Server> {
  const calls = join(import.meta.dirname, 'calls.ts')
  const options = ['--calls', calls, '--port', '0', '--data', data, '--log-level', 'fatal']
  const child = spawn(
    process.execPath,
    [join(root, 'server', 'bin.ts'), 'serve', ...options, '--grace', '1', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], env: {} },
  )
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [''])])
  const [, base] = /^rollcall listening on (http:\/\/\S+)$/.exec(first[0]) ?? []
  if (base === undefined) assert.fail(`the server did not start: ${said}`)
  return new Server(child, base)
}

export class Server {
  readonly child: ChildProcess
  readonly base: string

  constructor(child: ChildProcess, base: string) {
    this.child = child
    this.base = base
  }

  /** One request. A path without a leading slash lies under the mount; an object is sent as JSON. */
  async request(
    method: string,
    path: string,
    { body, headers, signal }: RequestOptions = {},
  ): Promise<Answer> {
    const url = this.base + (path.startsWith('/') ? path : `${api}/${path}`)
    const isJson = body !== undefined
    const response = await fetch(url, {
      method,
      headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
      ...(isJson && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, { headers })
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('POST', path, { body, headers })
  }

  /** Submits a task that must be queued, and gives its id. */
  async queue(submission: object, headers: Record<string, string> = {}): Promise<string> {
    const { status, body } = await this.post('tasks/', submission, {
      prefer: 'respond-async',
      ...headers,
    })
    assert.equal(status, 202, JSON.stringify(body))
    return body.spawned_tasks[0].task_id
  }

  /** Submits a group, and gives its id. */
  async group(submission: object): Promise<string> {
    const { status, body } = await this.post('task_groups/', submission)
    assert.equal(status, 202, JSON.stringify(body))
    return body.group_id
  }

  /** The report of a task once it has ended. */
  async ended(taskId: string) {
    const { body } = await this.get(`tasks/${taskId}/`, { prefer: 'wait=30' })
    return body
  }

  /** Waits until a task's report is in this state. */
  async until(taskId: string, state: string) {
    let tag = '"none"'
    for (;;) {
      const { body, headers } = await this.get(`tasks/${taskId}/`, {
        prefer: 'wait=30',
        'if-none-match': tag,
      })
      if (body?.state === state) return body
      tag = headers.get('etag') ?? tag
    }
  }

  /** Lets what is held under a key go on. */
  async open(key: string): Promise<void> {
    const { status } = await this.post('tasks/', { call: 'gate.open', args: { key } })
    assert.equal(status, 200)
  }

  /** Ends the process with a signal, and gives its exit status and signal. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<[number | null, NodeJS.Signals | null]> {
    const { exitCode, signalCode } = this.child
    if (exitCode !== null || signalCode !== null) return [exitCode, signalCode]
    const exit = once(this.child, 'exit')
    this.child.kill(signal)
    return (await exit) as [number | null, NodeJS.Signals | null]
  }
}

export const ERROR_KEYS = [
  'http_status',
  'error_message',
  'exception',
  'traceback',
  '_href',
  'error',
]

/** The answer is an error with exactly the keys of the contract, this status and this code. */
export function assertError({ status, body }: Answer, wanted: number, code: string): void {
  assert.equal(status, wanted, JSON.stringify(body))
  const keys = Object.keys(body)
  assert.deepEqual(code === 'RCL0009' ? keys.slice(0, -1) : keys, ERROR_KEYS)
  assert.equal(keys.includes('reasons'), code === 'RCL0009')
  assert.equal(body.http_status, wanted)
  assert.equal(body.error.code, code)
  assert.deepEqual(Object.keys(body.error), ['code', 'description', 'data', 'sub_errors'])
  assert.equal(body.error_message, body.error.description)
}
