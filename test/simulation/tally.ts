// How often what was done to a world.

export const NO_FAULTS = {
  killed: 0,
  'died before a commit': 0,
  'died after a commit': 0,
  'shut down': 0,
  'full disk': 0,
  'slow commit': 0,
  'clock set': 0,
  'late report': 0,
  'report twice': 0,
}

export type Tally = Record<keyof typeof NO_FAULTS, number>
