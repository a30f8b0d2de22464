// A group as text: what the lines of `rollcall watch` say, and that they fit.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StateSummary } from '../../machines/index.ts'
import { readWatchOptions } from '../../server/terminal/options.ts'
import { PaceOfGroup } from '../../server/terminal/pace-of-group.ts'
import { clean, cut, duration, plain } from '../../server/terminal/text.ts'
import { type GroupView, viewLine, viewLines } from '../../server/terminal/view.ts'
import { AT_MS } from '../support/builders.ts'

const GROUP = '01a201dd-2f38-7137-8248-119d81875208'
const TASK = '01a201dd-2f3d-740b-9a4b-f8433cb157ff'

function counts(given: Partial<StateSummary>): StateSummary {
  const none = {
    waiting: 0,
    running: 0,
    suspended: 0,
    finished: 0,
    error: 0,
    canceled: 0,
    skipped: 0,
  }
  const all = { ...none, ...given }
  const total = Object.values(all).reduce((sum, count) => sum + count, 0)
  return { accepted: 0, ...all, total }
}

function view(given: Partial<GroupView>): GroupView {
  return {
    groupId: GROUP,
    value: 'active.closed',
    counts: counts({ waiting: 1 }),
    running: [],
    longest: null,
    perSecond: null,
    leftMs: null,
    lostMs: null,
    ...given,
  }
}

const drawn = (given: Partial<GroupView>, columns = 80): string[] =>
  viewLines(view(given), { columns, paint: plain, nowMs: AT_MS })

describe('The bar', () => {
  test('is as wide as it may be, whatever there is to show', () => {
    const some = [0, 1, 2, 7, 999]
    for (const waiting of some) {
      for (const finished of some) {
        for (const error of some) {
          for (const columns of [3, 10, 71, 72, 200]) {
            const bar = drawn({ counts: counts({ waiting, finished, error }) }, columns)[1] ?? ''
            assert.equal(bar.length, Math.min(columns, 72), `${waiting} ${finished} ${error}`)
          }
        }
      }
    }
  })

  test('has a mark for the one task among a million that failed', () => {
    const bar = drawn({ counts: counts({ finished: 1_000_000, error: 1 }) })[1]
    assert.equal(bar, `${'█'.repeat(71)}▚`)
  })

  test('shows shares, and tells states apart without colours', () => {
    const bar = drawn({ counts: counts({ finished: 18, running: 18, waiting: 36 }) })[1]
    assert.equal(bar, '█'.repeat(18) + '▒'.repeat(18) + '░'.repeat(36))
  })
})

test('the view says how far the group is, at what rate, and when it will have ended', () => {
  const given = counts({ finished: 1_200, error: 34, waiting: 8_766 })
  const lines = drawn({ counts: given, perSecond: 123.4, leftMs: 71_000 })
  assert.equal(lines[0], `group ${GROUP}  active`)
  assert.equal(lines[2], '1,234 of 10,000 ended · 12% · 123 tasks/s · about 1 min 11 s left')
  assert.equal(lines[3], '█ 1,200 finished  ▚ 34 error  ░ 8,766 waiting')
})

test('the view shows what runs, how far it is, and how many more there are', () => {
  const started = { taskId: TASK, startedMs: AT_MS - 65_000 }
  const lines = drawn({
    counts: counts({ running: 5 }),
    running: [
      { ...started, call: 'feed.sync', attempt: 2, progress: { done: 3, total: 1_000, at: 'x' } },
      { ...started, call: 'feed.index', attempt: 1, progress: {} },
    ],
  })
  assert.deepEqual(lines.slice(4), [
    '',
    'running',
    '  feed.sync 3cb157ff  for 1 min 5 s  attempt 2  3 of 1,000, at x',
    '  feed.index 3cb157ff  for 1 min 5 s',
    '  and 3 more',
  ])
})

test('the view says why whoever waits longest does', () => {
  const because = [
    'Its group is suspended.',
    `In the end it waits for feed.sync ${TASK}, which runs.`,
  ]
  const longest = { taskId: TASK, call: 'feed.publish', sinceMs: AT_MS - 7_200_000, because }
  assert.deepEqual(drawn({ longest }).slice(4), [
    '',
    'waits longest',
    '  feed.publish 3cb157ff  for 2 h 0 min',
    '    Its group is suspended.',
    '    In the end it waits for feed.sync 3cb157ff, which runs.',
  ])
})

test('no line is wider than the terminal', () => {
  const call = 'a.very.long.name.of.a.call'.repeat(10)
  const lines = drawn(
    {
      counts: counts({ finished: 1, error: 2, canceled: 3, skipped: 4, running: 5, waiting: 6 }),
      running: [
        { taskId: TASK, call, attempt: 1, startedMs: AT_MS, progress: { note: '進捗'.repeat(50) } },
      ],
      longest: { taskId: TASK, call, sinceMs: AT_MS, because: [call] },
      lostMs: AT_MS - 5_000,
    },
    40,
  )
  for (const line of lines) assert.ok(line.length <= 40, line)
})

test('a group without tasks, or one that takes more, is shown as such', () => {
  const none = counts({})
  assert.equal(
    drawn({ counts: none, value: 'active.open' })[0],
    `group ${GROUP}  active, takes more tasks`,
  )
  assert.equal(drawn({ counts: none })[2], '0 of 0 ended · 0%')
  assert.equal(
    viewLine(view({ counts: none }), AT_MS),
    '12:00:00 active: no tasks; 0 of 0 ended · 0%',
  )
})

test('one line says the same for a pipe', () => {
  const given = { counts: counts({ finished: 2, running: 1, waiting: 1 }), perSecond: 0.25 }
  assert.equal(
    viewLine(view(given), AT_MS),
    '12:00:00 active: 2 finished, 1 running, 1 waiting; 2 of 4 ended · 50% · 0.3 tasks/s',
  )
  assert.equal(
    viewLine(view({ lostMs: AT_MS }), AT_MS),
    '12:00:00 the server does not answer; trying again',
  )
})

test('nothing that others have named can move the cursor or hide text', () => {
  assert.equal(clean('a\x1b[2Jb\r\nc\u202ed\u0007'), 'a [2Jb c d ')
  const call = 'x\x1b[31mred'
  const running = [{ taskId: TASK, call, attempt: 1, startedMs: AT_MS, progress: { a: '\x1b[H' } }]
  const longest = { taskId: TASK, call, sinceMs: AT_MS, because: ['\x1b]0;title\x07'] }
  const given = { counts: counts({ running: 1 }), running, longest }
  assert.ok(!drawn(given).join('').includes('\x1b'))
})

test('text is cut where the terminal ends, and wide characters count twice', () => {
  assert.equal(cut('abcdef', 6), 'abcdef')
  assert.equal(cut('abcdef', 5), 'abcd…')
  assert.equal(cut('進捗進捗', 8), '進捗進捗')
  assert.equal(cut('進捗進捗', 7), '進捗…')
})

test('a duration has two units at most', () => {
  const said = [0, 999, 59_400, 61_000, 3_600_000, 200_000_000].map(duration)
  assert.deepEqual(said, ['0 s', '1 s', '59 s', '1 min 1 s', '1 h 0 min', '2 d 7 h'])
})

describe('The rate', () => {
  test('is not said before a second has passed', () => {
    const pace = new PaceOfGroup()
    pace.note(AT_MS, 5)
    assert.equal(pace.perSecond(AT_MS + 999), null)
    assert.equal(pace.perSecond(AT_MS + 1_000), 0)
  })

  test('is that of the last half minute', () => {
    const pace = new PaceOfGroup()
    for (let second = 0; second <= 100; second += 1) {
      pace.note(AT_MS + second * 1_000, second <= 50 ? second : 50 + (second - 50) * 3)
    }
    assert.ok(Math.abs((pace.perSecond(AT_MS + 100_000) ?? 0) - 3) < 0.1)
    assert.ok(Math.abs((pace.leftMs(AT_MS + 100_000, 30) ?? 0) - 10_000) < 400)
  })

  test('tells no end while nothing ends', () => {
    const pace = new PaceOfGroup()
    pace.note(AT_MS, 5)
    pace.note(AT_MS + 5_000, 5)
    assert.equal(pace.leftMs(AT_MS + 5_000, 10), null)
  })
})

describe('The options', () => {
  const read = (operands: string[], given: { url?: string; mount?: string } = {}) =>
    readWatchOptions(
      name => {
        const value = given[name]
        return value === undefined ? undefined : { source: `--${name}`, value }
      },
      operands,
      false,
    )

  test('are those of a server on this machine', () => {
    assert.deepEqual(read([GROUP.toUpperCase()]), {
      groupId: GROUP,
      url: 'http://127.0.0.1:8000',
      mount: '/pulp/api',
      once: false,
    })
  })

  test('name another server, with or without a slash at its end', () => {
    const { url, mount } = read([GROUP], { url: 'https://example.org/rollcall/', mount: '/' })
    assert.deepEqual([url, mount], ['https://example.org/rollcall', ''])
    assert.equal(read([GROUP], { mount: 'api/' }).mount, '/api')
  })

  test('are refused in a sentence', () => {
    assert.throws(() => read([]), /"" is no group: the id of a group is a UUID/)
    assert.throws(() => read(['x']), /"x" is no group/)
    for (const url of ['example.org', 'ftp://example.org', 'http://example.org/?a=b']) {
      assert.throws(() => read([GROUP], { url }), /--url is ".*", but the URL of a server/)
    }
  })
})
