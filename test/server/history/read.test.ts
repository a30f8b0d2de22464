// Which files are refused, and with which words; and what may happen to one that stays readable.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openHistory } from '../../../server/history/read.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { begun, exported, fileOf, over, resealed } from './incident.ts'

const { store, groupId } = await over()
const WHOLE = await exported(store, groupId)
const LINES = WHOLE.trimEnd().split('\n')

/** These lines, closed with a checksum that fits them. */
const sealed = (lines: string[]): string => resealed([...lines, LINES.at(-1)].join('\n'))

async function refused(t: TestContext, text: string, says: RegExp): Promise<void> {
  const path = await fileOf(t, text)
  await assert.rejects(openHistory(path), error => {
    assert.ok(error instanceof Error)
    assert.match(error.message, says)
    assert.ok(error.message.startsWith(`${path} `), error.message)
    assert.ok(!error.message.includes('\n'), 'one sentence')
    return true
  })
}

describe('Refused is a file that', () => {
  const header = JSON.parse(LINES[0] as string)
  const later = JSON.stringify({ ...header, version: 2, rollcall: '9.1.0' })
  const middle = 5
  const cases: [what: string, text: string, says: RegExp][] = [
    ['is empty', '', /is empty; "rollcall export/],
    ['is empty but for a line', '\n', /is empty/],
    ['is prose', 'Dear Sir,\n', /is no history file of Rollcall; "rollcall export/],
    ['is JSON of something else', '{"name":"rollcall"}\n', /is no history file/],
    ['is a list', '[1]\n', /is no history file/],
    ['is null', 'null\n', /is no history file/],
    [
      'is of a later version',
      [later, 'in a way that nobody knows yet'].join('\n'),
      /has version 2 of the format, written by Rollcall 9\.1\.0; Rollcall .* up to 1; use a later/,
    ],
    [
      'has a header that is not whole',
      sealed([JSON.stringify({ ...header, exported_at: 7 }), ...LINES.slice(1, -1)]),
      /first line that is no header/,
    ],
    ['ends after its first line', `${LINES[0]}\n`, /is cut off/],
    ['ends between two lines', `${LINES.slice(0, middle).join('\n')}\n`, /is cut off/],
    ['ends within a line', WHOLE.slice(0, WHOLE.length / 2), /is cut off.*; restore it, or export/],
    ['lacks its last line', `${LINES.slice(0, -1).join('\n')}\n`, /is cut off/],
    ['lacks the end of its last line', WHOLE.slice(0, -3), /is cut off/],
    ['has a changed letter', WHOLE.replace('finished', 'Finished'), /was changed after its export/],
    ['lacks a line', [...LINES.slice(0, 5), ...LINES.slice(6)].join('\n'), /was changed/],
    [
      'has lines in another order',
      [...LINES].sort().reverse().join('\n'),
      /is (no|cut)|was changed/,
    ],
    ['goes on after its end', `${WHOLE}${WHOLE}`, /was changed/],
    ['goes on in other words', `${WHOLE}more\n`, /is cut off/],
    [
      'is sealed and has a line of another kind',
      sealed([...LINES.slice(0, middle), '{"remark":{}}', ...LINES.slice(middle, -1)]),
      /has a line 6 that is not what belongs there/,
    ],
    [
      'is sealed and has a line that is no JSON',
      sealed([...LINES.slice(0, middle), 'more', ...LINES.slice(middle, -1)]),
      /has a line 6 that/,
    ],
    [
      'is sealed and has a field of the wrong type',
      sealed(LINES.slice(0, -1).map(line => line.replace('"attempt":1', '"attempt":"one"'))),
      /has a line \d+ that/,
    ],
    [
      'is sealed and tells of another group',
      sealed(LINES.slice(0, -1).map((line, nth) => (nth > 3 ? line.replace(groupId, 'g2') : line))),
      /has a line \d+ that/,
    ],
    [
      'is sealed and lacks the task of a submission',
      sealed(LINES.slice(0, -1).filter(line => !line.startsWith('{"task"'))),
      /has a line \d+ that/,
    ],
    [
      'is sealed and has another task before a submission',
      sealed(LINES.slice(0, -1).map((line, nth) => (nth === 3 ? (LINES[5] as string) : line))),
      /has a line 5 that/,
    ],
    ['is sealed and has no group', sealed([LINES[0] as string]), /line 2 that/],
    [
      'is sealed and lacks events',
      sealed(LINES.slice(0, 2)),
      /lacks lines that its closing line counts/,
    ],
  ]
  for (const [what, text, says] of cases) test(what, t => refused(t, text, says))

  test('does not exist', async t => {
    const path = join(await temporaryFolder(t), 'absent.jsonl')
    await assert.rejects(openHistory(path), { message: `there is no file ${path}` })
  })

  test('is a folder', async t => {
    await assert.rejects(openHistory(await temporaryFolder(t)), { message: /is a folder/ })
  })
})

describe('Read is a file', () => {
  const kept: [what: string, text: string][] = [
    ['as it was written', WHOLE],
    ['whose line ends became those of another system', WHOLE.replaceAll('\n', '\r\n')],
    ['without its last line feed', WHOLE.trimEnd()],
    ['with an empty line at its end', `${WHOLE}\n`],
  ]
  for (const [what, text] of kept) {
    test(what, async t => {
      const history = await openHistory(await fileOf(t, text))
      assert.equal(history.taskCount, 3)
      const events = await Array.fromAsync(history.events())
      assert.equal(events.length, history.eventCount)
    })
  }

  test('of a later version that says the same in more words', async t => {
    const wordy = LINES.slice(0, -1).map(line =>
      line.replace('{"event":{', '{"event":{"by":"ada",'),
    )
    assert.equal((await openHistory(await fileOf(t, sealed(wordy)))).taskCount, 3)
  })

  test('with text in it that Unicode takes for the end of a line', async t => {
    const { rollcall, store } = await begun()
    const text = 'one\u2028two\u2029three\u0085four\r\nfive'
    const { groupId } = await rollcall.submitGroup({ calls: [{ call: 'work' }], tags: [text] })
    const history = await openHistory(await fileOf(t, await exported(store, groupId)))
    assert.deepEqual(history.group.tags, [text])
  })
})
