// Reads what `node --cpu-prof` writes: where each thread of a process spent its time.
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The parts of a .cpuprofile file that are read; Chrome DevTools Protocol, Profiler.Profile. */
interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  /** Before each sample, in µs. */
  timeDeltas: number[]
}

export interface ThreadProfile {
  /** 0 is the main thread. */
  threadId: number
  busyMs: number
  idleMs: number
  /** By time, the most first. */
  lines: { where: string; selfMs: number }[]
}

const IDLE = new Set(['(idle)', '(program)'])

/** The profiles in a folder, those of one thread's number together. */
export async function readProfiles(folder: string, root: string): Promise<ThreadProfile[]> {
  const threads = new Map<number, Map<string, number>>()
  for (const file of await readdir(folder)) {
    // CPU.<date>.<time>.<pid>.<thread>.<sequence>.cpuprofile
    const threadId = Number(file.split('.')[4])
    const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile
    const selfMs = threads.get(threadId) ?? new Map<string, number>()
    threads.set(threadId, selfMs)
    addTo(selfMs, profile, root)
  }
  return [...threads]
    .sort(([a], [b]) => a - b)
    .map(([threadId, selfMs]) => {
      const all = [...selfMs].map(([where, ms]) => ({ where, selfMs: ms }))
      const lines = all.filter(({ where }) => !IDLE.has(where)).sort((a, b) => b.selfMs - a.selfMs)
      const sum = (of: typeof all) => of.reduce((total, { selfMs: ms }) => total + ms, 0)
      const busyMs = sum(lines)
      return { threadId, busyMs, idleMs: sum(all) - busyMs, lines }
    })
}

function addTo(selfMs: Map<string, number>, profile: Profile, root: string): void {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame, root)]))
  for (const [at, id] of profile.samples.entries()) {
    const place = places.get(id) as string
    selfMs.set(place, (selfMs.get(place) ?? 0) + (profile.timeDeltas[at] as number) / 1_000)
  }
}

function placeOf(
  { functionName, url, lineNumber }: Profile['nodes'][number]['callFrame'],
  root: string,
): string {
  const name = functionName || '(anonymous)'
  if (url === '') return name
  const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url
  return `${name} ${file}:${lineNumber + 1}`
}
