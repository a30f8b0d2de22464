// Random histories of the real engine, exported and replayed: the machines do as recorded, and after each
// line the replay holds what the engine wrote. ROLLCALL_REPLAY_RUNS raises their number;
// ROLLCALL_REPLAY_SEED and ROLLCALL_REPLAY_PATH replay one.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { apart, type Change, type Group, type Task } from '../../../machines/index.ts'
import { unlikeRow } from '../../../machines/past.ts'
import { Replay } from '../../../machines/replay.ts'
import { exportGroup } from '../../../server/history/export.ts'
import { openHistory } from '../../../server/history/read.ts'
import { memoryStore } from '../../../server/store/memory.ts'
import type { Store } from '../../../server/store/store.ts'
import { history } from '../../model/history.ts'
import { play } from '../../model/play.ts'
import { AT_MS } from '../../support/builders.ts'
import { temporaryFolder } from '../../support/temp.ts'

const FILE = 'test/server/history/random.test.ts'
const { ROLLCALL_REPLAY_RUNS, ROLLCALL_REPLAY_SEED, ROLLCALL_REPLAY_PATH } = process.env

/** Rows as they were written, by their id and `rev`. */
class Written {
  readonly #rows = new Map<string, Task | Group>()
  readonly groupIds = new Set<string>()

  note(changes: readonly Change[]): void {
    for (const change of apart(changes)) {
      if (change.type === 'task.put') this.#keep(change.task.taskId, change.task)
      if (change.type !== 'group.put') continue
      this.groupIds.add(change.group.groupId)
      this.#keep(change.group.groupId, change.group)
    }
  }

  /** Undefined when the row was written only after a further change. */
  at(id: string, rev: number): Task | Group | undefined {
    return this.#rows.get(`${id} ${rev}`)
  }

  #keep(id: string, row: Task | Group): void {
    this.#rows.set(`${id} ${row.rev}`, row)
  }
}

function watched(store: Store, written: Written): Store {
  const watching: Pick<Store, 'transaction'> = {
    transaction: work =>
      store.transaction(tx =>
        work({
          load: (need, nowMs) => tx.load(need, nowMs),
          apply: changes => {
            written.note(changes)
            return tx.apply(changes)
          },
        }),
      ),
  }
  return new Proxy(store, {
    get(target, name) {
      const found = Reflect.get(name === 'transaction' ? watching : target, name)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}

test('The history of whatever happened to a group replays as it was, line by line', async t => {
  const folder = await temporaryFolder(t)
  let [groups, lines, compared] = [0, 0, 0]

  const property = fc.asyncProperty(history, async each => {
    const written = new Written()
    const store = watched(memoryStore(), written)
    await play(each, store)
    await store.open()
    for (const groupId of written.groupIds) {
      const file = join(folder, `${groups}.jsonl`)
      await writeFile(file, exportGroup(store, groupId, AT_MS))
      const exported = await openHistory(file)
      const replay = new Replay(exported.group)
      for await (const { event, row } of exported.events()) {
        const { task, group, differences } = replay.take(event, row)
        assert.deepEqual(differences, [], `event ${event.eventId}`)
        const made = task?.after ?? group.after
        const kept = written.at(event.taskId ?? groupId, event.eventId)
        lines += 1
        if (kept === undefined) continue
        assert.deepEqual([...unlikeRow(made, kept)], [], `event ${event.eventId}`)
        compared += 1
      }
      assert.deepEqual(replay.end(exported.header.last_event_id), [])
      groups += 1
    }
  })
  const details = await fc.check(property, {
    numRuns: Number(ROLLCALL_REPLAY_RUNS ?? 200),
    ...(ROLLCALL_REPLAY_SEED === undefined ? {} : { seed: Number(ROLLCALL_REPLAY_SEED) }),
    ...(ROLLCALL_REPLAY_PATH === undefined ? {} : { path: ROLLCALL_REPLAY_PATH }),
  })
  t.diagnostic(`${groups} groups, ${lines} lines, ${compared} compared with what was written`)
  if (details.failed) {
    const { seed, counterexamplePath, counterexample, errorInstance } = details
    const message = [
      'A history does not replay. To try it again:',
      `ROLLCALL_REPLAY_SEED=${seed} ROLLCALL_REPLAY_PATH=${counterexamplePath} node --test ${FILE}`,
      `The shortest such history: ${JSON.stringify(counterexample?.[0], null, 1)}`,
    ].join('\n')
    throw new Error(message, { cause: errorInstance })
  }
  assert.ok(compared > lines / 2, 'most lines are compared')
})
