// The timeline and time travel, in a real Chromium.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startWorld, useChromium } from './world.ts'

useChromium()

const sync = (gate: string) => ({ call: 'repository.sync', args: { gate } })
const timeline = (page: Page) => page.getByRole('application', { name: /^Timeline/ })
const slider = (page: Page) => page.getByRole('slider', { name: 'Moment of the history' })
const counts = (page: Page) => page.getByRole('group', { name: 'Filter tasks by state' })
const range = (page: Page) => page.locator('.timeline-range')

/** Frames in which something happens, each, before a test gives up. */
const FRAMES_MAX = 600

const OBSERVE_CHART = `
  window.observed = { changes: [], durations: [] }
  new MutationObserver(list => {
    for (const { type, attributeName } of list) window.observed.changes.push(attributeName ?? type)
  }).observe(document.querySelector('.statechart svg'), {
    subtree: true, childList: true, characterData: true, attributes: true,
  })
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntriesByName('statechart.light')) {
      window.observed.durations.push(duration)
    }
  }).observe({ type: 'measure' })
`

/** How many colours the drawing has: a few for bars, one for an empty one. */
function coloursOf(page: Page, canvas: string): Promise<number> {
  return page.locator(canvas).evaluate(element => {
    const drawing = element as unknown as {
      width: number
      height: number
      getContext(kind: '2d'): {
        getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray }
      }
    }
    const { data } = drawing.getContext('2d').getImageData(0, 0, drawing.width, drawing.height)
    const colours = new Set<number>()
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] === 255) {
        colours.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0))
      }
    }
    return colours.size
  })
}

test('the timeline tells by keyboard what each task did, and opens it', async t => {
  const world = await startWorld(t)
  const { groupId, taskIds } = await world.engine.submitGroup({
    calls: [sync('a'), { call: 'broken' }, sync('b')],
  })
  world.release('a')
  const page = await world.open(`/inspect/groups/${groupId}/?tab=timeline`)
  await range(page).getByText('–').waitFor()
  await timeline(page).focus()
  await page.keyboard.press('ArrowDown')
  await page
    .locator('.timeline-spoken', { hasText: 'attempt 1 finished' })
    .waitFor({ state: 'attached' })
  await page.keyboard.press('ArrowDown')
  await page
    .locator('.timeline-spoken', { hasText: 'attempt 1 failed' })
    .waitFor({ state: 'attached' })
  await page.keyboard.press('End')
  await page.locator('.timeline-spoken', { hasText: 'running for' }).waitFor({ state: 'attached' })
  assert.ok((await coloursOf(page, '.timeline-rows')) > 5, 'bars are drawn')
  assert.ok((await coloursOf(page, '.timeline-overview')) > 2, 'the overview is drawn')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/inspect/tasks/${taskIds[2]}/`)
})

test('a pointed row says what it did, and names the task', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a')] })
  const page = await world.open(`/inspect/groups/${groupId}/?tab=timeline`)
  await page.locator('.timeline-range', { hasText: '–' }).waitFor()
  await page.locator('.timeline-rows').hover({ position: { x: 300, y: 12 } })
  const tip = page.locator('.timeline-tip')
  await tip.getByText('repository.sync').waitFor()
  await tip.getByText('running for').waitFor()
})

test('keys zoom into time and 0 shows all of it again', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({
    calls: [{ call: 'quick' }, { call: 'quick' }],
  })
  const page = await world.open(`/inspect/groups/${groupId}/?tab=timeline`)
  await page.getByText('settled').first().waitFor()
  const all = page.getByRole('button', { name: 'All', exact: true })
  await timeline(page).focus()
  await range(page).getByText('–').waitFor()
  for (let press = 0; press < 4; press += 1) await page.keyboard.press('+')
  await page.locator('button[aria-pressed="false"]', { hasText: 'All' }).waitFor()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('0')
  assert.equal(await all.getAttribute('aria-pressed'), 'true')
})

test('many tasks share rows, which are taken apart down to single ones', async t => {
  const world = await startWorld(t, { concurrency: 1 })
  const { groupId } = await world.engine.submitGroup({
    calls: Array.from({ length: 3_000 }, () => sync('never')),
  })
  const page = await world.open(`/inspect/groups/${groupId}/?tab=timeline`)
  await page.getByText('tasks a row').waitFor()
  await timeline(page).focus()
  await page.keyboard.press('End')
  await page.locator('.timeline-tip', { hasText: /Tasks .* to 3,000/ }).waitFor()
  for (let press = 0; press < 4; press += 1) await page.keyboard.press('[')
  await page.getByText('3,000 tasks', { exact: true }).last().waitFor()
  await page.keyboard.press('End')
  await page.locator('.timeline-tip', { hasText: 'repository.sync' }).waitFor()
})

test('the timeline keeps up with events that never cease', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [{ call: 'quick' }], open: true })
  const page = await world.open(`/inspect/groups/${groupId}/?tab=timeline`)
  const tasks = page.locator('.timeline-tools output')
  await tasks.getByText('1 task', { exact: true }).waitFor()
  for (let frame = 0; frame < FRAMES_MAX; frame += 1) {
    if (Number.parseInt(await tasks.innerText(), 10) > 1) return
    await world.engine.addToGroup(groupId, [{ call: 'quick' }])
    await page.evaluate('new Promise(requestAnimationFrame)')
  }
  assert.fail(`it did not move in ${FRAMES_MAX} frames`)
})

test('the slider takes the page through the past, either way, and the address keeps the moment', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a'), { call: 'broken' }] })
  world.release('a')
  const page = await world.open(`/inspect/groups/${groupId}/`)
  await page.getByText('settled, with errors').waitFor()
  await page.getByRole('button', { name: 'Time travel' }).click()
  await slider(page).focus()
  await page.keyboard.press('Home')
  await counts(page).getByRole('button', { name: 'waiting 0' }).waitFor()
  const seen = async () => (await counts(page).getByRole('button').allTextContents()).join(' ')
  const forwards: string[] = [await seen()]
  const last = Number(await slider(page).getAttribute('max'))
  for (let step = 0; step < last; step += 1) {
    await page.keyboard.press('ArrowRight')
    forwards.push(await seen())
  }
  assert.ok(forwards.some(text => text.includes('running1')))
  assert.match(forwards.at(-1) ?? '', /finished1 error1/)
  const backwards: string[] = []
  for (let step = 0; step <= last; step += 1) {
    backwards.push(await seen())
    await page.keyboard.press('ArrowLeft')
  }
  assert.deepEqual(backwards.reverse(), forwards)
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowRight')
  await page.waitForURL(/[?&]at=\d+/)
  const then = await seen()
  await page.reload()
  await page.getByText('This is the past').waitFor()
  assert.equal(await seen(), then)
  await page.getByRole('button', { name: 'Live' }).click()
  await page.getByText('settled, with errors').waitFor()
  await page.waitForURL(url => !url.search.includes('at='))
})

test('the chart, the table and the timeline show the moment of the past', async t => {
  const world = await startWorld(t)
  const { groupId, taskIds } = await world.engine.submitGroup({ calls: [sync('a')] })
  world.release('a')
  const page = await world.open(`/inspect/groups/${groupId}/?tab=chart`)
  await page.locator('.is-active[data-state="settled"]').waitFor()
  await page.getByRole('button', { name: 'Time travel' }).click()
  await slider(page).focus()
  await page.keyboard.press('Home')
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('ArrowRight')
  await page.locator('.is-active[data-state="active.closed"]').waitFor()
  await page.getByRole('tab', { name: 'Tasks' }).click()
  const row = page.getByRole('row').filter({ hasText: taskIds[0]?.slice(-8) ?? '' })
  await row.getByText('waiting').waitFor()
  await page.getByRole('tab', { name: 'Timeline' }).click()
  await timeline(page).focus()
  await page.keyboard.press('ArrowDown')
  await page.locator('.timeline-tip', { hasText: 'waiting for' }).waitFor()
})

test('a history plays to its end by itself, and all that changes of the chart are classes', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({
    calls: Array.from({ length: 20 }, () => ({ call: 'quick' })),
  })
  const page = await world.open(`/inspect/groups/${groupId}/?tab=chart`)
  await page.locator('.is-active[data-state="settled"]').waitFor()
  await page.getByRole('button', { name: 'Time travel' }).click()
  await slider(page).waitFor()
  await slider(page).focus()
  await page.keyboard.press('Home')
  await page.evaluate(OBSERVE_CHART)
  await page.getByLabel('Speed').selectOption('1')
  await page.getByRole('button', { name: 'Play' }).click()
  await page.getByRole('button', { name: 'Play' }).waitFor()
  assert.equal(await slider(page).inputValue(), await slider(page).getAttribute('max'))
  await page.locator('.is-active[data-state="settled"]').waitFor()
  const { changes, durations } = await page.evaluate<{ changes: string[]; durations: number[] }>(
    'window.observed',
  )
  assert.ok(changes.length > 0)
  assert.deepEqual([...new Set(changes)], ['class'], 'no box and no line is made or moved')
  t.diagnostic(`the changes took ${durations.map(each => each.toFixed(2)).join(', ')} ms`)
})

test('on a phone the timeline and the slider fit', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a'), sync('b')] })
  const page = await world.open(`/inspect/groups/${groupId}/?tab=timeline`, {
    viewport: { width: 360, height: 740 },
    colorScheme: 'dark',
  })
  await page.getByRole('button', { name: 'Time travel' }).click()
  await slider(page).waitFor()
  await timeline(page).waitFor()
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= 360'))
})
