// What tests import as "rollcall/testing": an engine on a clock that the test moves, with scripted runs.
export { type ExploreOptions, explore } from './explore.ts'
export {
  crashes,
  fails,
  type Handler,
  hangs,
  type Outcome,
  runs,
  type Script,
  succeeds,
  takes,
} from './outcomes.ts'
export { type Replayed, type ReplayTestOptions, replayTest } from './replay-test.ts'
export type { Run } from './stage.ts'
export { type TestEngine, type TestEngineOptions, testEngine } from './test-engine.ts'
