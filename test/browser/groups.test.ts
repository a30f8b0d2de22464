// The list of groups, in a real Chromium: what it shows, how it moves, and what can be done from it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorld, useChromium } from './world.ts'

useChromium()

const sync = (gate: string) => ({ call: 'repository.sync', args: { gate } })

test('without groups the page says how one comes to be there', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/')
  await page.getByText('No groups yet').waitFor()
  await page.getByText('/pulp/api/v2/task_groups/').waitFor()
})

test('groups are listed latest first, with their counts, their tags and their state', async t => {
  const world = await startWorld(t)
  const first = await world.engine.submitGroup({ calls: [sync('a'), sync('b')], tags: ['nightly'] })
  const second = await world.engine.submitGroup({ calls: [sync('c')] })
  const page = await world.open('/inspect/')
  const rows = page.getByRole('row')
  await rows.nth(2).waitFor()
  const texts = await rows.allInnerTexts()
  assert.match(texts[1] ?? '', new RegExp(second.groupId.slice(-8)))
  assert.match(texts[2] ?? '', new RegExp(first.groupId.slice(-8)))
  assert.match(texts[2] ?? '', /active[\s\S]*nightly[\s\S]*0%[\s\S]*0 \/ 2/)
  assert.equal(await rows.nth(2).getByRole('img').getAttribute('aria-label'), '2 running')
})

test('a group appears, fills and settles while one looks, without a reload', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/')
  await page.getByText('Live', { exact: true }).waitFor()
  await world.engine.submitGroup({ calls: [sync('a'), sync('b')], tags: ['watched'] })
  const row = page.getByRole('row', { name: 'watched' })
  await row.getByRole('img', { name: '2 running' }).waitFor()
  world.release('a')
  await row.getByRole('img', { name: '1 finished, 1 running' }).waitFor()
  await row.getByText('50%').waitFor()
  world.release('b')
  await row.getByText('settled').waitFor()
})

test('while the pointer is on the list no row moves, and those that came are counted', async t => {
  const world = await startWorld(t)
  await world.engine.submitGroup({ calls: [sync('a')], tags: ['old'] })
  const page = await world.open('/inspect/')
  const old = page.getByRole('row', { name: 'old' })
  await old.hover()
  const before = await old.boundingBox()
  await world.engine.submitGroup({ calls: [sync('b')], tags: ['fresh'] })
  const button = page.getByRole('button', { name: '1 new – show' })
  await button.waitFor()
  assert.deepEqual(await old.boundingBox(), before)
  await button.click()
  await page.getByRole('row', { name: 'fresh' }).waitFor()
})

test('search and state are asked of the server, stand in the address, and survive a reload', async t => {
  const world = await startWorld(t)
  const held = await world.engine.submitGroup({ calls: [sync('a')], tags: ['Team:Content'] })
  await world.engine.submitGroup({ calls: [sync('b')], tags: ['other'] })
  await world.engine.changeGroup(held.groupId, 'suspend')
  const page = await world.open('/inspect/')
  const rows = page.getByRole('row')
  await page.getByRole('row', { name: 'other' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('content')
  await page.getByRole('row', { name: 'other' }).waitFor({ state: 'detached' })
  assert.equal(await rows.count(), 2)
  await page.getByRole('button', { name: 'suspended' }).click()
  await page.waitForURL('**/inspect/?search=content&state=suspended')
  await page.reload()
  await page.getByRole('row', { name: 'Team:Content' }).waitFor()
  assert.equal(await rows.count(), 2)
  await page.getByRole('button', { name: 'settled' }).click()
  await page.getByRole('row', { name: 'Team:Content' }).waitFor()
  await page.getByRole('button', { name: 'suspended' }).click()
  await page.getByText('No group matches').waitFor()
  await page.getByRole('button', { name: 'Show all groups' }).click()
  await page.getByRole('row', { name: 'other' }).waitFor()
})

test('a group is cancelled from its row once the question was answered, and not before', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({
    calls: [sync('a'), sync('b')],
    tags: ['doomed'],
  })
  const page = await world.open('/inspect/')
  const row = page.getByRole('row', { name: 'doomed' })
  await row.getByRole('button', { name: 'Cancel' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel this group?' })
  await dialog.getByText('2 running tasks will be asked to stop').waitFor()
  assert.equal(
    await page.locator(':focus').innerText(),
    'Keep it',
    'what does no harm has the focus',
  )
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.equal((await world.engine.summary(groupId)).running, 2)
  await row.getByRole('button', { name: 'Cancel' }).click()
  await dialog.getByRole('button', { name: 'Cancel 2 tasks' }).click()
  await dialog.waitFor({ state: 'detached' })
  await row.getByText('canceled').waitFor()
  assert.equal((await world.engine.summary(groupId)).canceled, 2)
  await page.getByText('was accepted').waitFor()
})

test('a group is suspended and resumed with the keyboard alone', async t => {
  const world = await startWorld(t, { concurrency: 1 })
  const { groupId } = await world.engine.submitGroup({
    calls: [sync('a'), sync('b')],
    tags: ['paused'],
  })
  const page = await world.open('/inspect/')
  const row = page.getByRole('row', { name: 'paused' })
  await row.waitFor()
  await page.getByRole('grid', { name: 'Groups' }).focus()
  await page.keyboard.press('s')
  const suspending = page.getByRole('dialog', { name: 'Suspend this group?' })
  await suspending.waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await suspending.waitFor({ state: 'detached' })
  await row.getByText('suspended').waitFor()
  assert.equal((await world.engine.summary(groupId)).suspended, 1)
  assert.equal(
    await page.locator(':focus').getAttribute('aria-label'),
    'Groups',
    'the focus is back where it was',
  )
  await page.keyboard.press('s')
  await page.getByRole('dialog', { name: 'Resume this group?' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await row.getByText('active').waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/inspect/groups/${groupId}/`)
})
