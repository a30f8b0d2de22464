// Public surface of the pure part (package export "rollcall/machines").
export { apart } from './apart.ts'
export { ByResource } from './by-resource.ts'
export * from './commands.ts'
export { decide } from './coordinator.ts'
export * from './effects.ts'
export {
  type Group,
  type GroupContext,
  type GroupEvent,
  type GroupValue,
  groupMachine,
  isOpen,
  isSuspended,
  NO_TASKS,
  unfinishedCount,
} from './group.machine.ts'
export { submissionEvent } from './history.ts'
export { MATRIX, OPERATIONS, type Operation } from './operations.ts'
export type { PastGroup, PastTask } from './past.ts'
export { Replay, type ReplayOptions, type ReplayStep } from './replay.ts'
export * from './report.ts'
export {
  type Admission,
  type Firsts,
  type Granted,
  grantBounds,
  isGranted,
  judge,
  type Reservation,
  type Resource,
  type ResourceUse,
  resourceKey,
} from './reservations.ts'
export { type RetryPolicy, retryDelayMs } from './retry.ts'
export { deriveStep, type Step } from './table.ts'
export {
  type Dependency,
  type DependencyFailure,
  type Failure,
  FINAL_STATES,
  type FinalState,
  isFinal,
  isReady,
  type Json,
  type JsonObject,
  stateOf,
  TASK_STATES,
  type Task,
  type TaskContext,
  type TaskEvent,
  type TaskState,
  type TaskValue,
  taskMachine,
} from './task.machine.ts'
export { type Env, stepGroup, stepTask } from './work.ts'
