// The page of a group, in a real Chromium: its tasks as a table of any length, filters, actions, views.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startWorld, useChromium } from './world.ts'

useChromium()

const sync = (gate: string) => ({ call: 'repository.sync', args: { gate } })
const MANY = 20_000

const tasks = (page: Page) => page.getByRole('grid', { name: 'Tasks of the group' })

test('a table of 20,000 tasks keeps less than a hundred rows, and shows the last on End', async t => {
  const world = await startWorld(t, { concurrency: 1 })
  const { groupId, taskIds } = await world.engine.submitGroup({
    calls: Array.from({ length: MANY }, () => sync('never')),
  })
  const page = await world.open(`/inspect/groups/${groupId}/`)
  await page.getByText('20,000 tasks').waitFor()
  assert.equal(await tasks(page).getAttribute('aria-rowcount'), String(MANY + 1))
  await tasks(page).focus()
  await page.keyboard.press('End')
  const last = page.locator(`[aria-rowindex="${MANY + 1}"]`)
  await last.getByTitle(taskIds.at(-1) ?? '').waitFor()
  assert.ok((await page.getByRole('row').count()) < 100)
  await page.keyboard.press('Home')
  await page.getByTitle(taskIds[0] ?? '').waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/inspect/tasks/${taskIds[0]}/`)
})

test('rows, counts and the state of the group move while tasks run', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({
    calls: [sync('a'), sync('b'), { call: 'broken' }],
  })
  const page = await world.open(`/inspect/groups/${groupId}/`)
  const first = page.locator('[aria-rowindex="2"]')
  await first.getByText('running').waitFor()
  await first.getByText('3 / 20').waitFor()
  await page.locator('[aria-rowindex="4"]').getByText('TST0007').waitFor()
  world.release('a')
  await first.getByText('finished').waitFor()
  await page.getByRole('button', { name: 'finished 1' }).waitFor()
  world.release('b')
  await page.getByText('settled, with errors').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Suspend', exact: true }).isDisabled())
  assert.ok(await page.getByRole('button', { name: 'Cancel', exact: true }).first().isDisabled())
})

test('states and search narrow the table on the server, and stand in the address', async t => {
  const world = await startWorld(t, { concurrency: 2 })
  const { groupId } = await world.engine.submitGroup({
    calls: [sync('a'), { call: 'stubborn', args: { gate: 's' } }, sync('b'), sync('c')],
  })
  const page = await world.open(`/inspect/groups/${groupId}/`)
  await page.getByRole('button', { name: 'running 2' }).click()
  await page.waitForURL('**/?state=running')
  await page.getByText('2 tasks', { exact: true }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('stub')
  await page.getByText('1 task', { exact: true }).waitFor()
  await page.waitForURL('**/?state=running&search=stub')
  await page.reload()
  await page.getByText('1 task', { exact: true }).waitFor()
  world.release('s')
  await page.getByText('No task matches').waitFor()
})

test('chosen tasks are cancelled together, and those that cannot be are counted', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({
    calls: [sync('a'), { call: 'stubborn', args: { gate: 's' } }, sync('b')],
  })
  const page = await world.open(`/inspect/groups/${groupId}/`, { allows: /status of 501/ })
  await page.getByText('3 tasks').waitFor()
  const button = page.getByRole('button', { name: 'Cancel chosen…' })
  assert.ok(await button.isHidden())
  await tasks(page).focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByText('2 chosen').waitFor()
  assert.equal(await page.getByRole('row', { selected: true }).count(), 2)
  await button.click()
  await page.getByRole('button', { name: 'Cancel 2 tasks' }).click()
  await page.getByText('1 task was accepted; 1 task cannot be cancelled').waitFor()
  await page.locator('[aria-rowindex="2"]').getByText('canceled').waitFor()
  const { canceled, running } = await world.engine.summary(groupId)
  assert.deepEqual([canceled, running], [1, 2])
})

test('all that a filter matches are cancelled, whether they were in view or not', async t => {
  const world = await startWorld(t, { concurrency: 2 })
  const { groupId } = await world.engine.submitGroup({
    calls: Array.from({ length: 700 }, () => sync('never')),
  })
  const page = await world.open(`/inspect/groups/${groupId}/?state=waiting`)
  await page.getByText('698 tasks').waitFor()
  await page.getByRole('checkbox', { name: 'Select all that match' }).click()
  await page.getByText('698 chosen').waitFor()
  await page.getByRole('button', { name: 'Cancel chosen…' }).click()
  await page.getByRole('button', { name: 'Cancel 698 tasks' }).click()
  await page.getByText('Cancellation of 698 tasks was accepted').waitFor()
  const { canceled, running } = await world.engine.summary(groupId)
  assert.deepEqual([canceled, running], [698, 2])
  await page.getByText('No task matches').waitFor()
})

test('a group is suspended, resumed, closed and cancelled from its page', async t => {
  const world = await startWorld(t, { concurrency: 1 })
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a'), sync('b')], open: true })
  const page = await world.open(`/inspect/groups/${groupId}/`)
  const confirm = async (opens: string, confirms: string) => {
    await page.getByRole('button', { name: opens, exact: true }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: confirms }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  await confirm('Suspend', 'Suspend group')
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  await page.getByRole('button', { name: 'suspended 1' }).waitFor()
  await confirm('Resume', 'Resume group')
  await page.getByRole('button', { name: 'waiting 1' }).waitFor()
  await confirm('Close', 'Close group')
  await page.getByRole('button', { name: 'Close', exact: true }).waitFor({ state: 'detached' })
  await confirm('Cancel', 'Cancel 2 tasks')
  await page.getByRole('button', { name: 'canceled 2' }).waitFor()
  assert.equal((await world.engine.core.group(groupId)).value, 'settled')
})

test('what the server refuses is said in the dialog, which stays', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({
    calls: [{ call: 'stubborn', args: { gate: 's' } }],
  })
  const page = await world.open(`/inspect/groups/${groupId}/`, { allows: /status of 501/ })
  await page.getByRole('button', { name: 'Cancel', exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Cancel 1 task' }).click()
  await dialog.getByRole('alert').getByText('can be cancelled').waitFor()
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  await dialog.waitFor({ state: 'detached' })
})

test('the statechart of the group is lit in the state that the group is in', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a')] })
  const page = await world.open(`/inspect/groups/${groupId}/`)
  await page.getByRole('tab', { name: 'Tasks' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.waitForURL('**/?tab=chart')
  // The text alternative of the drawing.
  await page.getByLabel(/group, which is active, closed/).waitFor({ state: 'attached' })
  world.release('a')
  await page.getByLabel(/group, which is settled/).waitFor({ state: 'attached' })
})

test('an id that no group has is answered with a sentence and a way back', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/groups/01a201b2-04d0-7521-8b7f-000000000000/', {
    allows: /status of 404/,
  })
  await page.getByText('No such group').waitFor()
  await page.getByRole('link', { name: 'All groups' }).click()
  await page.getByText('No groups yet').waitFor()
})

test('an address with a moment shows counts, rows and state of then, and the way to now', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a'), sync('b')] })
  const answer = await fetch(`${world.origin}/inspect/data/groups/${groupId}/history/`)
  const { events } = (await answer.json()) as { events: [number, number, string, string][] }
  const start = events.find(([, , , type]) => type === 'task.start')?.[0]
  world.release('a')
  world.release('b')
  const page = await world.open(`/inspect/groups/${groupId}/?at=${start}`)
  await page.getByText('This is the past').waitFor()
  await page.getByRole('button', { name: 'running 1' }).waitFor()
  await page.locator('[aria-rowindex="2"]').getByText('running').waitFor()
  await page.getByRole('button', { name: 'Time travel' }).click()
  await page.getByText('settled').first().waitFor()
  await page.getByRole('button', { name: 'finished 2' }).waitFor()
  assert.equal(new URL(page.url()).search, '')
})
