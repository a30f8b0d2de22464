// The pages of a task, of a resource and of the system, in a real Chromium.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorld, useChromium } from './world.ts'

useChromium()

const sync = (gate: string, id?: string) => ({ call: 'repository.sync', args: { gate, id } })

test('a task shows its life from waiting to its result without a reload', async t => {
  const world = await startWorld(t)
  const { taskIds } = await world.engine.submitGroup({ calls: [sync('a', 'fedora')] })
  const page = await world.open(`/inspect/tasks/${taskIds[0]}/`)
  await page.getByRole('heading', { name: 'repository.sync' }).waitFor()
  // The text alternative of the drawing.
  await page.getByLabel(/task, which is running, executing/).waitFor({ state: 'attached' })
  await page.getByLabel('progress', { exact: true }).getByText('"done"').waitFor()
  await page.getByLabel('arguments', { exact: true }).getByText('"fedora"').waitFor()
  world.release('a')
  await page.getByLabel('result', { exact: true }).getByText('42').waitFor()
  await page.getByText('This state is final.').waitFor()
  await page.getByRole('cell', { name: 'task.succeeded' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Cancel' }).count(), 0)
})

test('a task that failed shows its error with code, description, data and traceback', async t => {
  const world = await startWorld(t)
  const { taskIds } = await world.engine.submitGroup({ calls: [{ call: 'broken' }] })
  const page = await world.open(`/inspect/tasks/${taskIds[0]}/`)
  await page.getByRole('heading', { name: 'Error TST0007' }).waitFor()
  await page.getByText('the feed has no metadata').first().waitFor()
  await page.getByLabel('error data', { exact: true }).getByText('404').waitFor()
  assert.match(
    await page.getByLabel('Traceback').innerText(),
    /at Object\.run \(test\/browser\/calls\.ts/,
  )
})

test('a task is cancelled from its page, after a question', async t => {
  const world = await startWorld(t)
  const { taskIds } = await world.engine.submitGroup({ calls: [sync('a')] })
  const page = await world.open(`/inspect/tasks/${taskIds[0]}/`)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel task' }).click()
  await page.getByText('This state is final.').waitFor()
  assert.equal((await world.engine.report(taskIds[0] ?? '')).state, 'canceled')
})

test('why it waits is said as sentences, and as a chain down to who must end first', async t => {
  const world = await startWorld(t)
  const { taskIds } = await world.engine.submitGroup({
    calls: [sync('a', 'fedora'), sync('b', 'fedora'), sync('c', 'fedora')],
  })
  const page = await world.open(`/inspect/tasks/${taskIds[2]}/`)
  await page.getByRole('heading', { name: 'Why is it waiting?' }).waitFor()
  await page.getByText('The same as text').click()
  await page.getByText('It comes down to').waitFor()
  const text = page.locator('.wait-text')
  await text.getByText('wants update, behind update').waitFor()
  await text.getByText('wants update, held by update').waitFor()
  const head = page.getByRole('link', { name: taskIds[0]?.slice(-8) }).last()
  await head.click()
  await page.waitForURL(`**/inspect/tasks/${taskIds[0]}/`)
  await page.getByRole('link', { name: 'repository fedora' }).click()
  await page.waitForURL('**/inspect/resources/?type=repository&id=fedora')
  await page.getByRole('heading', { name: 'Held by' }).waitFor()
  await page.getByRole('heading', { name: 'Waiting, in order 2 tasks' }).waitFor()
  world.release('a')
  await page.getByRole('heading', { name: 'Waiting, in order 1 task' }).waitFor()
})

test('a task that begins to run stops saying why it waits', async t => {
  const world = await startWorld(t)
  const { taskIds } = await world.engine.submitGroup({
    calls: [sync('a', 'fedora'), sync('b', 'fedora')],
  })
  const page = await world.open(`/inspect/tasks/${taskIds[1]}/`)
  const why = page.getByRole('heading', { name: 'Why is it waiting?' })
  await why.waitFor()
  world.release('a')
  await why.waitFor({ state: 'detached' })
  await page.getByText('running').first().waitFor()
})

test('a resource that nobody uses says so, and any can be asked for', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/resources/')
  await page.getByText('Which resource?').waitFor()
  await page.getByLabel('Type').fill('repository')
  await page.getByLabel('Id').fill('a b/ü')
  await page.keyboard.press('Enter')
  await page.getByText('Nobody uses it').waitFor()
  assert.match(page.url(), /\?type=repository&id=a%20b%2F%C3%BC$/)
})

test('the system shows what runs, what waits and the rates of the last two minutes', async t => {
  const world = await startWorld(t, { concurrency: 1 })
  await world.engine.submitGroup({ calls: [sync('a'), sync('b'), sync('c')] })
  const page = await world.open('/inspect/system/')
  const moment = page.getByLabel('At this moment')
  await moment.getByText(/Running\s*1/).waitFor()
  await moment.getByText(/Waiting\s*2/).waitFor()
  for (const rate of ['Submitted', 'Started', 'Ended']) {
    await page.getByRole('img', { name: `${rate}:` }).waitFor()
  }
})
