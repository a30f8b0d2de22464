// The list of all tasks, in a real Chromium: what is found, how it moves, and how far it reaches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startWorld, useChromium } from './world.ts'

useChromium()

const sync = (gate: string) => ({ call: 'repository.sync', args: { gate } })
const tasks = (page: Page) => page.getByRole('grid', { name: 'Tasks' })

test('tasks of no group are found on the page of tasks, by call, state or id', async t => {
  const world = await startWorld(t)
  const task = await world.engine.submit('quick', {})
  await task.result()
  await world.engine.submit('repository.sync', { gate: 'a' })
  const page = await world.open('/inspect/tasks/')
  await page.getByRole('row', { name: 'repository.sync' }).waitFor()
  await page.getByRole('button', { name: 'finished' }).click()
  await page.getByRole('row', { name: 'repository.sync' }).waitFor({ state: 'detached' })
  await page.getByRole('row', { name: 'quick' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type(task.taskId)
  await page.waitForURL(`**/inspect/tasks/${task.taskId}/`)
})

test('tasks come and move while one looks, without a reload', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/tasks/')
  await page.getByText('No tasks yet').waitFor()
  await world.engine.submit('repository.sync', { gate: 'a' })
  const row = page.getByRole('row', { name: 'repository.sync' })
  await row.getByText('running').waitFor()
  await row.getByText('3 / 20').waitFor()
  world.release('a')
  await row.getByText('finished').waitFor()
  await world.engine.submit('broken', {})
  await page.getByRole('row', { name: 'broken' }).getByText('TST0007').waitFor()
  assert.match((await page.getByRole('row').nth(1).innerText()) ?? '', /broken/)
})

test('a task that no longer fits the filter leaves the list, and one that fits since comes', async t => {
  const world = await startWorld(t)
  await world.engine.submit('repository.sync', { gate: 'a' })
  const running = await world.open('/inspect/tasks/?state=running')
  const finished = await world.open('/inspect/tasks/?state=finished')
  await running.getByRole('row', { name: 'repository.sync' }).waitFor()
  await finished.getByText('No task matches').waitFor()
  world.release('a')
  await finished.getByRole('row', { name: 'repository.sync' }).waitFor()
  await running.getByText('No task matches').waitFor()
})

test('while the pointer is on the list no task comes in between, and those that came are counted', async t => {
  const world = await startWorld(t)
  await world.engine.submit('repository.sync', { gate: 'a' })
  const page = await world.open('/inspect/tasks/')
  const old = page.getByRole('row', { name: 'repository.sync' })
  await old.hover()
  await world.engine.submit('quick', {})
  await page.getByRole('button', { name: '1 new – show' }).waitFor()
  assert.equal(await page.getByRole('row', { name: 'quick' }).count(), 0)
  world.release('a')
  await old.getByText('finished').waitFor()
  await page.getByRole('button', { name: '1 new – show' }).click()
  await page.getByRole('row', { name: 'quick' }).waitFor()
})

test('a search reaches the oldest of 20,500 tasks by itself, however few match', async t => {
  const world = await startWorld(t, { concurrency: 1 })
  const oldest = await world.engine.submit('quick', {})
  await world.engine.submitGroup({
    calls: Array.from({ length: 20_500 }, () => sync('never')),
  })
  const page = await world.open('/inspect/tasks/?search=quick')
  await page.getByRole('row', { name: 'quick' }).getByTitle(oldest.taskId).waitFor()
  await page.goto(`${world.origin}/inspect/tasks/?search=nowhere`)
  await page.getByText('No task matches').waitFor()
  await page.goto(`${world.origin}/inspect/tasks/`)
  await page.locator('[aria-rowcount="101"]').waitFor()
  await tasks(page).focus()
  await page.keyboard.press('End')
  await page.locator('[aria-rowcount="201"]').waitFor()
  await page.keyboard.press('End')
  await page.locator('[aria-rowcount="301"]').waitFor()
})
