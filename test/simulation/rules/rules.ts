// The invariants, by the moment in which they are looked at.
import { type CommitRule, commitRules } from './commits.ts'
import { type MoveRule, moveRules } from './moves.ts'
import { endRules, type RestRule, restRules } from './rest.ts'
import { turnRules } from './turns.ts'

export interface Rules {
  moves: readonly MoveRule[]
  commits: readonly CommitRule[]
  rests: readonly RestRule[]
  ends: readonly RestRule[]
}

export const RULES: Rules = {
  moves: [...moveRules, ...turnRules],
  commits: commitRules,
  rests: restRules,
  ends: endRules,
}
