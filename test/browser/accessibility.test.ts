// Every view and dialog, light and dark, wide and on a phone, by the rules of axe-core (WCAG 2.2 A and AA, and
// its best practices).
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { startWorld, useChromium, type World } from './world.ts'

useChromium()

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const sync = (gate: string, id?: string) => ({ call: 'repository.sync', args: { gate, id } })

interface View {
  name: string
  path: string
  /** Shown when it is ready to be looked at. */
  shows: string
  /** What brings it about. */
  act?: (page: Page) => Promise<void>
}

/** Every view, with something to show in each. */
async function everyView(world: World): Promise<View[]> {
  const { groupId, taskIds } = await world.engine.submitGroup({
    calls: [sync('a', 'fedora'), sync('b', 'fedora'), { call: 'broken' }, sync('done')],
    tags: ['pulp:repository:fedora', 'team:content'],
    open: true,
  })
  const [running, waiting, failed, finished] = taskIds
  const settled = await world.engine.submitGroup({ calls: [{ call: 'broken' }] })
  const doomed = await world.engine.submitGroup({ calls: [sync('never')] })
  const held = await world.engine.submitGroup({ calls: [sync('a', 'fedora')] })
  await world.engine.changeGroup(held.groupId, 'suspend')
  await world.engine.cancelGroup(doomed.groupId)
  world.release('done')
  const group = `/inspect/groups/${groupId}/`
  const click = (name: string) => (page: Page) =>
    page.getByRole('button', { name, exact: true }).first().click()
  return [
    { name: 'groups', path: '/inspect/', shows: '.rows-groups [aria-rowindex="5"]' },
    { name: 'no group', path: '/inspect/?search=nothing', shows: '.empty' },
    { name: 'a group', path: group, shows: '.rows-tasks [aria-rowindex="5"]' },
    {
      name: 'chosen tasks',
      path: group,
      shows: '.rows-tasks [aria-selected="true"]',
      act: async page =>
        page.getByRole('checkbox', { name: 'Select', exact: true }).first().click(),
    },
    { name: 'timeline', path: `${group}?tab=timeline`, shows: '.timeline-overview' },
    { name: "a group's chart", path: `${group}?tab=chart`, shows: '[data-state].is-active' },
    {
      name: 'time travel',
      path: `/inspect/groups/${settled.groupId}/`,
      shows: 'input[type="range"]',
      act: click('Time travel'),
    },
    { name: 'a question', path: group, shows: 'dialog[open]', act: click('Cancel') },
    { name: 'keys', path: group, shows: 'dialog[open]', act: page => page.keyboard.press('?') },
    { name: 'no such group', path: `/inspect/groups/${failed}/`, shows: '.empty' },
    { name: 'tasks', path: '/inspect/tasks/', shows: '.rows-found [aria-rowindex="5"]' },
    { name: 'a running task', path: `/inspect/tasks/${running}/`, shows: '.is-active' },
    {
      name: 'a waiting task',
      path: `/inspect/tasks/${waiting}/`,
      shows: '.wait-card',
      act: async page => {
        await page.getByText('The same as text').click()
        await page.getByText('States and transitions').click()
      },
    },
    { name: 'a failed task', path: `/inspect/tasks/${failed}/`, shows: '.is-active' },
    { name: 'a finished task', path: `/inspect/tasks/${finished}/`, shows: '.is-active' },
    { name: 'resources', path: '/inspect/resources/', shows: 'input' },
    {
      name: 'a resource',
      path: '/inspect/resources/?type=repository&id=fedora',
      shows: '.table',
    },
    { name: 'system', path: '/inspect/system/', shows: '.rate-line' },
    { name: 'no page', path: '/inspect/nowhere/', shows: 'h1' },
  ]
}

const WIDE = { width: 1280, height: 900 }
const PHONE = { width: 360, height: 900 }

test('axe finds no violation in any view: light, dark, and on a phone', async t => {
  const world = await startWorld(t)
  const found: string[] = []
  const page = await world.open('/inspect/', { viewport: WIDE, allows: /status of 404/ })
  for (const { name, path, shows, act } of await everyView(world)) {
    const look = async (how: string, options: RunOptions) => {
      for (const { id, nodes } of await violations(page, options)) {
        found.push(
          ...nodes.map(node => `${name}, ${how}: ${id}: ${node.html} ${node.failureSummary}`),
        )
      }
    }
    await page.goto(world.origin + path)
    await page.locator('.connection.is-live').waitFor({ state: 'attached' })
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await act?.(page)
    await page.locator(shows).first().waitFor()
    await look('light', {})
    // The same elements, other colours.
    await page.emulateMedia({ colorScheme: 'dark' })
    await look('dark', { runOnly: ['color-contrast'] })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize(PHONE)
    await page.locator(shows).first().waitFor({ state: 'attached' })
    await look('on a phone', { rules: { 'color-contrast': { enabled: false } } })
    await page.setViewportSize(WIDE)
  }
  assert.deepEqual(found, [])
})

/** Evaluated by the browser's debugger, which the page's policy does not bind: nothing of it is switched off. */
async function violations(page: Page, options: RunOptions): Promise<AxeResults['violations']> {
  if (await page.evaluate<boolean>('window.axe === undefined')) await page.evaluate(AXE)
  return page.evaluate<AxeResults['violations']>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  )
}
