// What a client does, by two hands: the library's, and REST without a socket. Everything else in the world
// (time, handlers, the death of the process) is the same for both.
import assert from 'node:assert/strict'
import Fastify, { type InjectOptions } from 'fastify'
import {
  type CallReport,
  type CallRequest,
  type GroupRequest,
  rollcall,
  type StateSummary,
  type TaskEngine,
} from '../../server/index.ts'

export interface Hands {
  /** Gives the task's id. */
  submit(request: CallRequest): Promise<string>
  /** Gives the group's id. */
  submitGroup(request: GroupRequest): Promise<string>
  addToGroup(groupId: string, calls: CallRequest[]): Promise<void>
  cancel(taskId: string): Promise<void>
  cancelGroup(groupId: string): Promise<void>
  changeGroup(groupId: string, change: 'suspend' | 'resume' | 'close'): Promise<void>
  report(taskId: string): Promise<CallReport>
  /** The group's tasks, in submission order. */
  reports(groupId: string): Promise<CallReport[]>
  summary(groupId: string): Promise<StateSummary>
}

/** The engine as a program uses it. */
export function libraryHands(engine: TaskEngine): Hands {
  return {
    submit: async request => (await engine.submit(request)).taskId,
    submitGroup: async request => {
      const { calls, ...rest } = request
      return (await engine.submitGroup({ ...rest, calls })).groupId
    },
    addToGroup: async (groupId, calls) => void (await engine.addToGroup(groupId, calls)),
    cancel: taskId => engine.cancel(taskId),
    cancelGroup: groupId => engine.cancelGroup(groupId),
    changeGroup: (groupId, change) => engine.changeGroup(groupId, change),
    report: taskId => engine.report(taskId),
    reports: groupId => Array.fromAsync(engine.reports({ groupId })),
    summary: groupId => engine.summary(groupId),
  }
}

/** The engine as a client uses it. */
export async function restHands(engine: TaskEngine): Promise<Hands> {
  const app = Fastify()
  await app.register(rollcall, { engine })
  await app.ready()
  const ask = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    status: number,
    payload?: object,
  ) => {
    const asked: InjectOptions = { method, url: `/pulp/api/v2${path}`, ...(payload && { payload }) }
    const answer = await app.inject(asked)
    assert.equal(answer.statusCode, status, `${method} ${path}: ${answer.body}`)
    return answer.json()
  }
  return {
    submit: async request => {
      const { spawned_tasks } = await ask('POST', '/tasks/', 202, request)
      return spawned_tasks[0].task_id
    },
    submitGroup: async request => (await ask('POST', '/task_groups/', 202, request)).group_id,
    addToGroup: (groupId, calls) => ask('POST', `/task_groups/${groupId}/tasks/`, 202, { calls }),
    cancel: taskId => ask('DELETE', `/tasks/${taskId}/`, 200),
    cancelGroup: groupId => ask('DELETE', `/task_groups/${groupId}/`, 200),
    changeGroup: (groupId, change) =>
      ask('POST', `/task_groups/${groupId}/actions/${change}/`, 200),
    report: taskId => ask('GET', `/tasks/${taskId}/`, 200),
    reports: groupId => ask('GET', `/task_groups/${groupId}/`, 200),
    summary: groupId => ask('GET', `/task_groups/${groupId}/state_summary/`, 200),
  }
}
