// Requests a second, ours and a bare Fastify's in turn: both servers are up, and one of them is asked.
import type { Bench, Conditions, Sample } from '../figure.ts'
import { getRequest, postTaskRequest } from '../http-requests.ts'
import { GROUP, type Looked, lookAt, type Seen } from '../http-seen.ts'
import { Side } from '../process.ts'
import type { BareServer } from '../sides/bare-server.ts'
import type { Flood, Flooded } from '../sides/http-load.ts'
import type { Ended, Listening } from '../sides/rollcall-server.ts'

const CONNECTIONS = 64
const unit = 'req/s'
const sameBytes = 'bare Fastify GET of the same bytes and headers'

export const http: Bench = {
  name: 'http',
  figures: [
    {
      name: 'post',
      what: 'POST a task, durable 202, 64 connections',
      yardstick: 'bare Fastify POST that validates the same body',
      unit,
      goal: { kind: 'ratio at least', value: 0.6 },
    },
    {
      name: 'get',
      what: 'GET a task, 64 connections',
      yardstick: sameBytes,
      unit,
      goal: { kind: 'ratio at least', value: 0.9 },
    },
    {
      name: 'not-modified',
      what: 'GET a task that has not changed, 304',
      yardstick: 'our own GET with 200',
      unit,
      goal: { kind: 'ratio at least', value: 1 },
    },
    {
      name: 'get-group',
      what: 'GET a group of 1,000',
      yardstick: sameBytes,
      unit,
      goal: { kind: 'ratio at least', value: 0.9 },
    },
  ],
  measure: conditions => measureHttp(conditions, conditions.isQuick ? 2 : 8),
}

/** What is asked of a server, over and over. */
type Target = Pick<Flood, 'port' | 'requests' | 'status'>
interface Pair {
  figure: string
  ours: Target
  yardstick: Target
}

/** How long a side is asked before it is the other's turn: short, so that both meet the same noise. */
const TURN_MS = 250

/** @param turns Of each side in one round. */
export async function* measureHttp(
  { folder, rounds, wants }: Pick<Conditions, 'folder' | 'rounds' | 'wants'>,
  turns: number,
): AsyncGenerator<Sample> {
  const ours = await Side.start<Listening>('rollcall-server', { folder: await folder('server') })
  const { side: load } = await Side.start('http-load', {})
  const sides = [ours.side, load]
  try {
    const seen = await lookAt(ours.side, ours.ready.port, CONNECTIONS)
    const answers = [...seen.tasks, seen.group].map(({ answer }) => answer)
    const bare = await Side.start<Listening>('bare-server', { answers } satisfies BareServer)
    sides.push(bare.side)
    const ports = [ours.ready.port, bare.ready.port] as const
    for (const pair of lookingPairs(...ports, seen).filter(({ figure }) => wants(figure))) {
      await roundOfTurns(load, pair, Math.ceil(turns / 2))
      for (let round = 0; round < rounds; round += 1) yield await roundOfTurns(load, pair, turns)
    }
    // The last: it fills the store that the others read from.
    if (wants('post')) yield* posts({ server: ours.side, load, ports }, rounds, turns * TURN_MS)
  } finally {
    await Promise.all(sides.map(side => side.stop()))
  }
}

async function roundOfTurns(
  load: Side,
  { figure, ours, yardstick }: Pair,
  turns: number,
): Promise<Sample> {
  const own: Flooded[] = []
  const bare: Flooded[] = []
  for (let turn = 0; turn < turns; turn += 1) {
    if (turn % 2 === 0) own.push(await flood(load, ours, TURN_MS))
    bare.push(await flood(load, yardstick, TURN_MS))
    if (turn % 2 === 1) own.push(await flood(load, ours, TURN_MS))
  }
  return sampleOf(figure, own, bare)
}

/**
 * Rounds of one long turn each: what was posted runs meanwhile, as it would in a server that is always
 * asked, and has ended before it is the yardstick's turn.
 */
async function* posts(
  { server, load, ports }: { server: Side; load: Side; ports: readonly [number, number] },
  rounds: number,
  turnMs: number,
): AsyncGenerator<Sample> {
  const requests = [postTaskRequest()]
  const [ours, yardstick] = ports.map(port => ({ port, requests, status: 202 }))
  let ended = GROUP
  // The first is for the compiler.
  for (let round = 0; round <= rounds; round += 1) {
    const own = await flood(load, ours as Target, turnMs)
    ended += own.answers
    await server.ask({ kind: 'ended', count: ended } satisfies Ended)
    const bare = await flood(load, yardstick as Target, turnMs)
    if (round > 0) yield sampleOf('post', [own], [bare])
  }
}

function flood(load: Side, target: Target, durationMs: number): Promise<Flooded> {
  return load.ask({
    kind: 'flood',
    connections: CONNECTIONS,
    durationMs,
    ...target,
  } satisfies Flood)
}

interface Total {
  perSecond: number
  bodyBytes: number
  clientBusy01: number
}

function total(turns: readonly Flooded[]): Total {
  const sum = (of: keyof Flooded) => turns.reduce((all, turn) => all + turn[of], 0)
  return {
    perSecond: sum('answers') / sum('seconds'),
    bodyBytes: sum('bodyBytes') / sum('answers'),
    clientBusy01: sum('clientSeconds') / sum('seconds'),
  }
}

function sampleOf(figure: string, own: readonly Flooded[], bare: readonly Flooded[]): Sample {
  const [ours, yardstick] = [total(own), total(bare)]
  const details = {
    'bytes a body': ours.bodyBytes,
    'bytes a body, yardstick': yardstick.bodyBytes,
    'client busy 0 to 1': ours.clientBusy01,
    'client busy 0 to 1, yardstick': yardstick.clientBusy01,
  }
  return { figure, ours: ours.perSecond, yardstick: yardstick.perSecond, details }
}

function lookingPairs(own: number, bare: number, { tasks, group }: Looked): Pair[] {
  const get = (port: number, ...seen: Seen[]): Target => {
    return { port, requests: seen.map(({ answer }) => getRequest(answer.path)), status: 200 }
  }
  const unchanged = tasks.map(({ answer, etag }) =>
    getRequest(answer.path, { 'if-none-match': etag }),
  )
  return [
    { figure: 'get', ours: get(own, ...tasks), yardstick: get(bare, ...tasks) },
    {
      figure: 'not-modified',
      ours: { port: own, requests: unchanged, status: 304 },
      yardstick: get(own, ...tasks),
    },
    { figure: 'get-group', ours: get(own, group), yardstick: get(bare, group) },
  ]
}
