// Random histories of the real engine against the model of CONTRACT §3. ROLLCALL_MODEL_RUNS raises their
// number; ROLLCALL_MODEL_SEED and ROLLCALL_MODEL_PATH replay one.
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { memoryStore } from '../../server/store/memory.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import type { Store } from '../../server/store/store.ts'
import { temporaryFolder } from '../support/temp.ts'
import { history } from './history.ts'
import { play } from './play.ts'

const FILE = 'test/model/model.test.ts'
const { ROLLCALL_MODEL_RUNS, ROLLCALL_MODEL_SEED, ROLLCALL_MODEL_PATH } = process.env

async function check(store: () => Store, share: number): Promise<void> {
  const details = await fc.check(
    fc.asyncProperty(history, each => play(each, store())),
    {
      numRuns: Math.ceil(Number(ROLLCALL_MODEL_RUNS ?? 600) * share),
      ...(ROLLCALL_MODEL_SEED === undefined ? {} : { seed: Number(ROLLCALL_MODEL_SEED) }),
      ...(ROLLCALL_MODEL_PATH === undefined ? {} : { path: ROLLCALL_MODEL_PATH }),
    },
  )
  if (!details.failed) return
  const { seed, counterexamplePath, counterexample, errorInstance } = details
  const message = [
    'The engine and the model part. To replay:',
    `ROLLCALL_MODEL_SEED=${seed} ROLLCALL_MODEL_PATH=${counterexamplePath} node --test ${FILE}`,
    `The shortest such history: ${JSON.stringify(counterexample?.[0], null, 1)}`,
  ].join('\n')
  throw new Error(message, { cause: errorInstance })
}

test('Whatever is asked of it, the engine does what the contract says', () => check(memoryStore, 1))

test('On SQLite it does the same', async t => {
  const folder = await temporaryFolder(t)
  let stores = 0
  const next = () => {
    stores += 1
    return sqliteStore(join(folder, `${stores}`))
  }
  await check(next, 0.05)
})
