// Statecharts and wait graphs as they are drawn, in a real Chromium.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startWorld, useChromium, type World } from './world.ts'

useChromium()

const sync = (gate: string, id?: string) => ({
  call: 'repository.sync',
  args: id === undefined ? { gate } : { gate, id },
})

const state = (page: Page, id: string) => page.locator(`[data-state="${id}"]`)
const line = (page: Page, id: string) => page.locator(`g.chart-edge[data-edge="${id}"]`)

async function submitted(world: World, ...calls: ReturnType<typeof sync>[]): Promise<string[]> {
  return (await world.engine.submitGroup({ calls })).taskIds
}

test('the chart of a task lights where it is and the way it came, and moves without another layout', async t => {
  const world = await startWorld(t)
  const [taskId] = await submitted(world, sync('a'))
  const page = await world.open(`/inspect/tasks/${taskId}/`)
  await page.locator('.is-active[data-state="running.executing"]').waitFor()
  assert.match((await state(page, 'running').getAttribute('class')) ?? '', /is-active/)
  assert.match((await state(page, 'waiting').getAttribute('class')) ?? '', /is-visited/)
  assert.match((await line(page, 'waiting>running').getAttribute('class')) ?? '', /is-taken/)
  await state(page, 'finished').evaluate(element => element.setAttribute('data-kept', ''))
  world.release('a')
  await page.locator('.is-active[data-state="finished"][data-kept]').waitFor()
  const taken = line(page, 'running.executing>finished')
  assert.match((await taken.getAttribute('class')) ?? '', /is-taken/)
  assert.doesNotMatch((await state(page, 'running').getAttribute('class')) ?? '', /is-active/)
})

test('every state and every transition of the machine is in the drawing, guards in brackets', async t => {
  const world = await startWorld(t)
  const [taskId] = await submitted(world, sync('a'))
  const page = await world.open(`/inspect/tasks/${taskId}/`)
  await state(page, 'waiting').waitFor()
  const drawn = await page
    .locator('[data-state]')
    .evaluateAll(elements => elements.map(element => element.getAttribute('data-state')))
  assert.deepEqual(drawn.toSorted(), [
    '',
    'canceled',
    'error',
    'finished',
    'running',
    'running.cancelling',
    'running.executing',
    'skipped',
    'suspended',
    'waiting',
  ])
  const label = page.locator('g.chart-label[data-edge="running.executing>waiting"]')
  const texts = await label.locator('text').allTextContents()
  assert.deepEqual(texts, ['failed [willRetry]', 'interrupted [willRerun]'])
  assert.equal(await page.locator('.chart-leaf.is-final .chart-inner').count(), 4)
  const title = await page
    .getByRole('img', { name: /^Statechart of a task/ })
    .getAttribute('aria-label')
  assert.match(title ?? '', /which is running, executing/)
  assert.match(title ?? '', /from waiting to canceled on cancel/)
})

test('a transition that has the focus in the list is lit in the drawing', async t => {
  const world = await startWorld(t)
  const [taskId] = await submitted(world, sync('a'))
  const page = await world.open(`/inspect/tasks/${taskId}/`)
  await page.getByText('States and transitions').click()
  await page.getByRole('button', { name: 'skip → skipped' }).first().focus()
  await page.locator('g.chart-edge.is-hot[data-edge="waiting>skipped"]').waitFor()
  assert.equal(await page.locator('g.chart-edge.is-hot').count(), 1)
})

test('keys zoom and move a chart, and 0 fits it again', async t => {
  const world = await startWorld(t)
  const [taskId] = await submitted(world, sync('a'))
  const page = await world.open(`/inspect/tasks/${taskId}/`)
  const frame = page.getByRole('group', { name: /^Statechart of a task/ })
  const view = () => frame.locator('svg > g').getAttribute('transform')
  await frame.focus()
  const fitted = await view()
  await page.keyboard.press('+')
  await page.keyboard.press('+')
  const zoomed = await view()
  assert.notEqual(zoomed, fitted)
  await page.keyboard.press('ArrowRight')
  assert.notEqual(await view(), zoomed)
  await page.keyboard.press('0')
  assert.equal(await view(), fitted)
})

test('a chart that was laid out once needs no worker on the next visit', async t => {
  const world = await startWorld(t)
  const [taskId] = await submitted(world, sync('a'))
  const page = await world.open(`/inspect/tasks/${taskId}/`)
  await state(page, 'waiting').waitFor()
  await page.reload()
  await state(page, 'waiting').waitFor()
  assert.deepEqual(page.workers(), [])
})

test('on a phone a chart runs down, its names can be read, and the page does not move sideways', async t => {
  const world = await startWorld(t)
  const [taskId] = await submitted(world, sync('a'))
  const page = await world.open(`/inspect/tasks/${taskId}/`, {
    viewport: { width: 360, height: 740 },
  })
  const active = page.locator('.is-active[data-state="running.executing"]')
  await active.waitFor()
  const name = await active.locator('.chart-name').boundingBox()
  assert.ok(name !== null && name.height >= 9, 'its text is as high as small print at least')
  assert.ok(name.x >= 0 && name.x + name.width <= 360, 'the active state is in sight')
  const [waiting, finished] = await Promise.all([
    state(page, 'waiting').boundingBox(),
    state(page, 'finished').boundingBox(),
  ])
  assert.ok((waiting?.y ?? 0) < (finished?.y ?? 0))
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= 360'))
})

test('the wait graph leads from a task to those in front of it, the one that runs being the head', async t => {
  const world = await startWorld(t)
  const [first, second, third] = await submitted(
    world,
    sync('a', 'main'),
    sync('b', 'main'),
    sync('c', 'main'),
  )
  const page = await world.open(`/inspect/tasks/${third}/`)
  const card = (id = '') => page.locator(`a.wait-card[href$="${id}/"]`)
  await card(first).waitFor()
  assert.match((await card(first).getAttribute('class')) ?? '', /is-head/)
  assert.match((await card(third).getAttribute('class')) ?? '', /is-asked/)
  assert.doesNotMatch((await card(second).getAttribute('class')) ?? '', /is-head|is-asked/)
  const [asked, head] = [await card(third).boundingBox(), await card(first).boundingBox()]
  assert.ok((asked?.x ?? 0) < (head?.x ?? 0), 'those in front stand to the right')
  await card(first).focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/inspect/tasks/${first}/`)
})

test('what stands on a line of the wait graph leads to the queue of that resource', async t => {
  const world = await startWorld(t)
  const [, second] = await submitted(world, sync('a', 'main'), sync('b', 'main'))
  const page = await world.open(`/inspect/tasks/${second}/`)
  await page.locator('.chart-label').getByText('wants update, held by update').waitFor()
  await page.getByRole('link', { name: 'queue of repository main' }).first().click()
  await page.waitForURL('**/inspect/resources/?type=repository&id=main')
})
