// The whole service in a temporary folder, and requests to it without a socket.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../examples/repositories/app.ts'
import { temporaryFolder } from './feeds.ts'

export const api = '/pulp/api/v2'

/** What a request was answered, its body parsed. */
export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on bodies of every shape.
  body: any
  location: string | undefined
}

/** The service, ready, on a folder that ends with the test. */
export async function startService(t: TestContext): Promise<Service> {
  const folder = await temporaryFolder(t)
  const app = await buildApp({ data: folder, logLevel: 'silent' })
  t.after(() => app.close())
  return new Service(app, folder)
}

export class Service {
  readonly app: FastifyInstance
  readonly folder: string

  constructor(app: FastifyInstance, folder: string) {
    this.app = app
    this.folder = folder
  }

  /** One request; a path that starts with `/v2` lies under the mount. */
  async request(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object | string,
  ): Promise<Answer> {
    const url = path.startsWith('/v2') ? `/pulp/api${path}` : path
    const headers = { 'content-type': 'application/json' }
    const response = await this.app.inject({
      method,
      url,
      ...(body !== undefined && { payload: body, headers }),
    })
    const { location } = response.headers
    return {
      status: response.statusCode,
      body: parsed(response.payload),
      location: location?.toString(),
    }
  }

  /** The report of a task once it has ended. */
  async ended(taskId: string) {
    while (true) {
      const { body } = await this.request('GET', `/v2/tasks/${taskId}/`)
      if (['finished', 'error', 'canceled', 'skipped'].includes(body.state)) return body
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** Makes a request that must be answered with one queued task, and waits for its end. */
  async task(method: 'POST' | 'DELETE' | 'PUT', path: string, body?: object) {
    const answer = await this.request(method, path, body)
    assert.equal(answer.status, 202, JSON.stringify(answer.body))
    return this.ended(answer.body.spawned_tasks[0].task_id)
  }
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return payload
  }
}
