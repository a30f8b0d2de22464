// What holds on every page: keys, phones, dark and light, screen readers, and a server that goes and comes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorld, useChromium, type World } from './world.ts'

useChromium()

const sync = (gate: string) => ({ call: 'repository.sync', args: { gate, id: 'fedora' } })

/** The address of every view, with something to show in each. */
async function everyView(world: World): Promise<string[]> {
  const { groupId, taskIds } = await world.engine.submitGroup({
    calls: [sync('a'), sync('b'), { call: 'broken' }],
    tags: ['pulp:repository:fedora-updates-testing-x86_64', 'team:content'],
  })
  return [
    '/inspect/',
    `/inspect/groups/${groupId}/`,
    `/inspect/groups/${groupId}/?tab=timeline`,
    `/inspect/groups/${groupId}/?tab=chart`,
    '/inspect/tasks/',
    ...taskIds.map(id => `/inspect/tasks/${id}/`),
    '/inspect/resources/?type=repository&id=fedora',
    '/inspect/system/',
  ]
}

test('at 360 px no view is wider than the screen, and all have one heading', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/', {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
  })
  for (const path of await everyView(world)) {
    await page.goto(world.origin + path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.locator('.connection.is-live').waitFor({ state: 'attached' })
    const wide = await page.evaluate<number>(
      'Math.max(document.documentElement.scrollWidth, document.querySelector("main").scrollWidth)',
    )
    assert.ok(wide <= 360, `${path} is ${wide} px wide`)
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, path)
  }
})

test('the page is dark for who prefers dark, and light for who does not', async t => {
  const world = await startWorld(t)
  const background = async (colorScheme: 'light' | 'dark') => {
    const page = await world.open('/inspect/', { colorScheme })
    const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    return (colour.match(/\d+/g) ?? []).map(Number)
  }
  assert.ok((await background('light')).every(part => part > 200))
  assert.ok((await background('dark')).every(part => part < 50))
})

test('keys lead to every place, to the search and to the list of keys', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/')
  await page.getByText('No groups yet').waitFor()
  for (const [key, heading] of [
    ['s', 'System'],
    ['r', 'Resources'],
    ['t', 'Tasks'],
    ['g', 'Groups'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
  }
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('/')
  await page.keyboard.type('g s')
  assert.equal(await page.getByRole('searchbox').inputValue(), 'g s')
  await page.keyboard.press('Escape')
  assert.equal(await page.getByRole('searchbox').inputValue(), '')
})

test('who comes by keyboard can skip the navigation, and sees where the focus is', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/')
  await page.keyboard.press('Tab')
  await page.getByRole('link', { name: 'Skip to content' }).press('Enter')
  assert.equal(await page.locator(':focus').getAttribute('id'), 'main')
  await page.keyboard.press('Tab')
  const outline = await page.evaluate<string>(
    'getComputedStyle(document.activeElement).outlineStyle',
  )
  assert.equal(outline, 'solid')
})

test('there are one main region and one main navigation, and the present place is named', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/system/')
  assert.equal(await page.getByRole('main').count(), 1)
  const main = page.getByRole('navigation', { name: 'Main' })
  assert.equal(await main.locator('[aria-current="page"]').innerText(), 'System')
  assert.match(await page.title(), /^System/)
})

test('Back and Forward go through the views', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a')], tags: ['only'] })
  const page = await world.open('/inspect/')
  await page.getByRole('row', { name: 'only' }).getByRole('link').click()
  await page.getByRole('tab', { name: 'Statechart' }).click()
  await page.waitForURL(`**/inspect/groups/${groupId}/?tab=chart`)
  await page.goBack()
  await page.getByRole('grid', { name: 'Tasks of the group' }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'Groups', level: 1 }).waitFor()
  await page.goForward()
  await page.getByRole('grid', { name: 'Tasks of the group' }).waitFor()
})

test('when the server goes the page says so and keeps what it shows; when it is back it goes on', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [sync('a')], tags: ['kept'] })
  const page = await world.open(`/inspect/groups/${groupId}/`, { allows: /ERR_|Failed to load/ })
  await page.getByText('Live', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'running 1' }).waitFor()
  await world.cut()
  await page.getByText('Not live').waitFor()
  await page.getByText('The server does not answer. What is shown is of').waitFor()
  assert.equal(await page.getByRole('button', { name: 'running 1' }).count(), 1)
  world.release('a')
  await world.mend()
  await page.getByText('Live', { exact: true }).waitFor()
  await page.getByText('settled').first().waitFor()
})

test('an address that is none is answered with a way back', async t => {
  const world = await startWorld(t)
  const page = await world.open('/inspect/nowhere/at/all/')
  await page.getByText('There is no such page').waitFor()
})
