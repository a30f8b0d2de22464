// Whether what was measured was durable: kill -9 in the middle of the lives, then a count.
import { setTimeout } from 'node:timers/promises'
import type { Bench, Conditions, Sample } from '../figure.ts'
import { measure, Side } from '../process.ts'
import type { Acknowledged, EngineAcknowledge } from '../sides/engine-acknowledge.ts'
import type { Audited, EngineAudit } from '../sides/engine-audit.ts'

const TASKS = 500

export const durable: Bench = {
  name: 'durable',
  figures: [
    {
      name: 'durable',
      what: 'kill -9 during lives: nothing acknowledged is lost, each ends once',
      yardstick: null,
      unit: 'broken promises',
      goal: { kind: 'none broken' },
    },
  ],
  measure: async function* (conditions) {
    const { rounds, isQuick } = conditions
    for (let round = 0; round < rounds; round += 1) {
      yield await killOnce(conditions, isQuick ? 10 : 100)
    }
  },
}

async function killOnce({ folder, say }: Conditions, groups: number): Promise<Sample> {
  const path = await folder('killed')
  const given: EngineAcknowledge = { folder: path, groups, tasks: TASKS }
  const { side } = await Side.start('engine-acknowledge', given)
  const acknowledged: Acknowledged[] = []
  const killAfter = 1 + Math.floor(Math.random() * groups)
  while (acknowledged.length < killAfter) {
    acknowledged.push(await side.ask<Acknowledged>({}))
  }
  // Its next submission is under way, and so are the lives before it.
  const unanswered = side.ask({}).catch(() => {})
  await setTimeout(Math.random() * 20)
  await side.kill()
  await unanswered
  const audit: EngineAudit = { folder: path, acknowledged, tasks: TASKS }
  const { broken, tasks } = await measure<Audited>('engine-audit', audit)
  for (const sentence of broken) say(`  durable: ${sentence}`)
  const details = { acknowledged: acknowledged.length * TASKS, found: tasks }
  return { figure: 'durable', ours: broken.length, yardstick: null, details }
}
