// The page at scale, in a real Chromium: a store of 100,000 tasks, and 10,000 that run at a time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sqliteStore } from '../../server/index.ts'
import { temporaryFolder } from '../support/temp.ts'
import { startWorld, useChromium } from './world.ts'

useChromium()

const VISITS_MAX = 5

const sync = (gate: string) => ({ call: 'repository.sync', args: { gate } })

test('with 100,000 tasks in the embedded store the first view is there within a second', async t => {
  const store = sqliteStore(await temporaryFolder(t))
  const world = await startWorld(t, { store })
  const { groupId } = await world.engine.submitGroup({
    calls: Array.from({ length: 100_000 }, () => sync('never')),
    tags: ['large'],
  })
  // What a browser caches and compiles on a first visit is not the store's affair.
  await world.open('/inspect/system/')
  for (const [path, shows] of [
    ['/inspect/', 'large'],
    [`/inspect/groups/${groupId}/`, 'repository.sync'],
  ] as const) {
    const visits: number[] = []
    // Another process may have had the machine during one visit.
    while (visits.length < VISITS_MAX && !(Math.min(...visits) < 1_000)) {
      const page = await world.open(path)
      await page.getByRole('row', { name: shows }).first().waitFor()
      visits.push(Math.round(await page.evaluate<number>('performance.now()')))
      await page.close()
    }
    t.diagnostic(`${path} showed its rows ${visits.join(', ')} ms after the navigation began`)
    assert.ok(Math.min(...visits) < 1_000)
  }
})

test('while 10,000 tasks run and end, the counts arrive at the truth and the page answers', async t => {
  const world = await startWorld(t, { concurrency: 10_000 })
  const { groupId } = await world.engine.submitGroup({
    calls: Array.from({ length: 10_000 }, (_, at) => sync(`gate ${at % 100}`)),
  })
  const page = await world.open(`/inspect/groups/${groupId}/`)
  await page.getByRole('button', { name: 'running 10,000' }).waitFor()
  for (let gate = 0; gate < 99; gate += 1) world.release(`gate ${gate}`)
  await page.getByRole('button', { name: 'finished 9,900' }).waitFor()
  await page.getByRole('button', { name: 'running 100' }).click()
  await page.getByText('100 tasks', { exact: true }).waitFor()
  world.release('gate 99')
  await page.getByText('settled').first().waitFor()
})
