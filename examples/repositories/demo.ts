// `npm run demo`: mirrors every package of this checkout's node_modules through
// one task group, and shows it at work. Everything goes over REST, as it would
// for any client; see demo/options.ts for what it takes.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { Client, type StateSummary, type TaskReport } from './demo/client.ts'
import { demoOptions } from './demo/options.ts'
import { type PackageFeed, packageFeeds } from './demo/packages.ts'
import { counts, endedCount, openScreen } from './demo/screen.ts'

const api = '/pulp/api/v2'
const demoTag = 'rollcall:demo'
const pollMs = 200

const options = demoOptions(process.argv.slice(2))
const startedMs = Date.now()
const data =
  options.data === undefined
    ? await mkdtemp(join(tmpdir(), 'rollcall-demo-'))
    : resolve(options.data)
say(`Everything is in ${data}`)
say(`If this run is killed, go on with: npm run demo -- --data ${data}\n`)

say(`Writing a manifest for every package in ${options.packages}`)
const packages: PackageFeed[] = []
for await (const each of packageFeeds(resolve(options.packages), join(data, 'feeds')))
  packages.push(each)
say(`${packages.length} packages have one, in ${join(data, 'feeds')}`)

const app = await buildApp({ data: join(data, 'mirror'), concurrency: options.concurrency })
const stop = new AbortController()
const grace = closeWithGrace({ delay: 15_000, logger: false }, async () => {
  stop.abort()
  await app.close()
})
const client = new Client(await app.listen({ port: options.port, host: '127.0.0.1' }), stop.signal)
say(`rollcall listening on ${client.origin}\n`)

try {
  const groupId = (await unfinishedGroup()) ?? (await submitGroup(packages))
  const summary = await watch(groupId)
  await tell(groupId, summary)
  if (options.exit) {
    const allFinished = summary.finished === summary.total
    grace.uninstall()
    await app.close()
    if (allFinished && options.data === undefined) await rm(data, { recursive: true })
    process.exitCode = allFinished ? 0 : 1
  } else {
    say('\nServing until Ctrl-C.')
  }
} catch (error) {
  if (!stop.signal.aborted) throw error
}

/** The group that an earlier run on the same folder left behind. */
async function unfinishedGroup(): Promise<string | null> {
  const [task] = await client.get<TaskReport[]>(`${api}/tasks/?tag=${demoTag}&limit=1`)
  if (!task?.task_group_id) return null
  say(`Going on with the group ${task.task_group_id} of an earlier run`)
  return task.task_group_id
}

async function submitGroup(feeds: readonly PackageFeed[]): Promise<string> {
  for (const { id, name, version, feed } of feeds) {
    const repository = { id, display_name: name, description: `${name} ${version}`, feed }
    const { status, body } = await client.post<{ error?: { code: string } }>(
      `${api}/repositories/`,
      repository,
      [201, 202, 409],
    )
    // An earlier run on the same folder made it.
    if (status === 409 && body.error?.code !== 'REP0002')
      throw new Error(`repository ${id}: ${JSON.stringify(body)}`)
  }
  say(
    `${feeds.length} repositories are there; submitting one group that syncs them and publishes their index`,
  )
  const ids = feeds.map(({ id }) => id)
  const syncs = ids.map(id => ({ id, call: 'repository.sync', args: { id } }))
  const index = { call: 'index.publish', args: { ids }, depends_on: ids }
  const { body } = await client.post<{ group_id: string }>(
    `${api}/task_groups/`,
    { calls: [...syncs, index], tags: [demoTag] },
    [202],
  )
  return body.group_id
}

/** Shows the group until its last task has ended. */
async function watch(groupId: string): Promise<StateSummary> {
  const screen = openScreen(process.stdout)
  while (true) {
    const summary = await client.get<StateSummary>(`${api}/task_groups/${groupId}/state_summary/`)
    const running = await client.get<TaskReport[]>(`${api}/task_groups/${groupId}/?state=running`)
    screen.show(summary, running, Date.now())
    if (endedCount(summary) === summary.total) {
      screen.end()
      return summary
    }
    await sleep(pollMs, undefined, { signal: stop.signal })
  }
}

/** Prints how it went, and where to look. */
async function tell(groupId: string, summary: StateSummary): Promise<void> {
  const group = `${api}/task_groups/${groupId}/`
  const tasks = await client.get<TaskReport[]>(group)
  say(
    `\nGroup ${groupId}: ${counts(summary)} of ${summary.total} after ${Math.round((Date.now() - startedMs) / 1000)} s`,
  )
  for (const { tags, task_type, state, error } of tasks.filter(task => task.state !== 'finished')) {
    say(
      `  ${state}: ${task_type} ${tags.join(' ')}${error === null ? '' : ` (${error.code} ${error.description})`}`,
    )
  }
  const index = tasks.at(-1)?.result as {
    files: number
    bytes: number
    repositories: number
    _href: string
  } | null
  if (index) {
    const megabytes = (index.bytes / 1_000_000).toFixed(1)
    say(`Mirrored ${index.repositories} repositories: ${index.files} files, ${megabytes} MB`)
  }
  if (options.exit) return
  say('\nLook at:')
  const paths = [
    group,
    `${group}state_summary/`,
    `${api}/repositories/`,
    `${api}/calls/`,
    '/openapi.json',
  ]
  for (const path of index ? [...paths, index._href] : paths) say(`  ${client.origin}${path}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
