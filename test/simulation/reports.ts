// Reports about an attempt that come late or twice, as a runner would make them.
import type { Command } from '../../machines/index.ts'
import { failed } from '../support/builders.ts'
import type { ReportType } from './history.ts'

export type Report = Extract<Command, { type: ReportType }>

/** What a runner says of an attempt; that it succeeded, with what our handlers return. */
export function reportOf(type: ReportType, taskId: string, attempt: number): Report {
  const of = { taskId, attempt }
  switch (type) {
    case 'task.progressed':
      return { type, ...of, progress: { late: true } }
    case 'task.succeeded':
      return { type, ...of, result: { attempt }, location: null }
    case 'task.failed':
      return { type, ...of, failure: failed(), retryAtMs: null }
    case 'task.timed_out':
      return { type, ...of }
    case 'task.unresponsive':
      return { type, ...of, failure: failed('RCL0020') }
    case 'task.interrupted':
      return { type, ...of, crashed: true, rerun: true, failure: failed('RCL0018') }
  }
}
