// Minutes of updates, by hand: `node --conditions=rollcall-source test/browser/soak.ts [minutes]`. Ends with
// status 1 when the page's memory grew. Each line says the heap after a collection, the nodes and listeners
// of the page, and its longest frame since the line before.

import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChromium, startWorld } from './world.ts'

const minutes = Number(process.argv[2] ?? 10)
const RUNNING = 10_000
const LINE_MS = 15_000
/** Growth of the heap, from the second line to the last, that is no leak. */
const GROWTH_MAX = 0.2

// The server ends with the process, and thousands of runs with it.
const context = { after() {} } as unknown as TestContext

const stopChromium = await startChromium()
const world = await startWorld(context, { concurrency: RUNNING })
const until = Date.now() + minutes * 60_000

const many = (count: number, gate: string) =>
  Array.from({ length: count }, () => ({ call: 'repository.sync', args: { gate } }))
const watched = await world.engine.submitGroup({ calls: many(RUNNING / 2, 'never'), open: true })

/** Keeps so many tasks running: as some end, others are submitted, most of them to the watched group. */
const feeding = (async () => {
  for (let round = 0; Date.now() < until; round += 1) {
    const gate = `round ${round}`
    await world.engine.addToGroup(watched.groupId, many(RUNNING / 25, gate))
    await world.engine.submitGroup({ tags: ['soak', gate], calls: many(RUNNING / 100, gate) })
    if (round >= 9) world.release(`round ${round - 9}`)
    await sleep(1_000)
  }
})()

const paths = ['/inspect/', `/inspect/groups/${watched.groupId}/`, '/inspect/system/']
const pages = await Promise.all(paths.map(path => world.open(path)))
const sessions = await Promise.all(pages.map(page => page.context().newCDPSession(page)))
for (const page of pages) {
  await page.evaluate(`{
    window.longest = 0
    let last = performance.now()
    const frame = now => {
      window.longest = Math.max(window.longest, now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  }`)
}

const heaps: number[][] = paths.map(() => [])
while (Date.now() < until) {
  await sleep(Math.min(LINE_MS, minutes * 15_000))
  for (const [at, session] of sessions.entries()) {
    await session.send('HeapProfiler.collectGarbage')
    await session.send('Performance.enable')
    const { metrics } = await session.send('Performance.getMetrics')
    const metric = (name: string) => metrics.find(each => each.name === name)?.value ?? 0
    const heapMb = metric('JSHeapUsedSize') / 2 ** 20
    heaps[at]?.push(heapMb)
    const longest = await pages[at]?.evaluate<number>(
      '{ const longest = window.longest; window.longest = 0; longest }',
    )
    console.log(
      `${paths[at]?.slice(0, 18).padEnd(18)} heap ${heapMb.toFixed(1)} MB, ${metric('Nodes')} nodes, ` +
        `${metric('JSEventListeners')} listeners, longest frame ${longest?.toFixed(0)} ms`,
    )
  }
}
await feeding
await stopChromium()

let grew = false
for (const [at, measured] of heaps.entries()) {
  const [from, to] = [measured[1] ?? 0, measured.at(-1) ?? 0]
  const growth = to / from - 1
  console.log(
    `${paths[at]}: ${from.toFixed(1)} → ${to.toFixed(1)} MB, ${(growth * 100).toFixed(0)} %`,
  )
  grew ||= growth > GROWTH_MAX
}
process.exit(grew ? 1 : 0)
