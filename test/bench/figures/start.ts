// How long a server takes from its process's start until it says that it listens.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { buildPackage } from '../built-package.ts'
import type { Bench, Conditions, Sample } from '../figure.ts'
import { summarize } from '../statistics.ts'

const BARE = join(import.meta.dirname, '..', 'bare-start.mjs')

export const start: Bench = {
  name: 'start',
  figures: [
    {
      name: 'start',
      what: 'start to listening, empty store',
      yardstick: 'bare Fastify',
      unit: 'ms',
      goal: { kind: 'more by at most', value: 200 },
    },
  ],
  measure: measureStart,
}

async function* measureStart({ folder, rounds, isQuick }: Conditions): AsyncGenerator<Sample> {
  const { bin, calls } = buildPackage()
  // A single one says little.
  const starts = isQuick ? 2 : 5
  for (let round = 0; round < rounds; round += 1) {
    const ours: number[] = []
    const bare: number[] = []
    for (let nth = 0; nth < starts; nth += 1) {
      const data = await folder('start')
      const args = ['serve', '--port', '0', '--data', data, '--calls', calls, '--log-level', 'warn']
      ours.push(await millisecondsToListen([bin, ...args]))
      bare.push(await millisecondsToListen([BARE]))
    }
    yield {
      figure: 'start',
      ours: summarize(ours).median,
      yardstick: summarize(bare).median,
    }
  }
}

async function millisecondsToListen(args: string[]): Promise<number> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit').then(([status]): never => {
    throw new Error(`${args[0]} ended with status ${status} before it listened`)
  })
  // It ends when it is killed below, and then nobody asks any more.
  exited.catch(() => {})
  const listening = async () => {
    let said = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      said += text
      if (said.includes('listening')) return performance.now() - startedMs
    }
    return exited
  }
  const elapsedMs = await Promise.race([listening(), exited])
  child.kill('SIGKILL')
  await exited.catch(() => {})
  return elapsedMs
}
