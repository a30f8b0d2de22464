// A program may hold two copies of the package: its own, and the one whose command serves its calls.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngine, memoryStore, Type } from '../../server/index.ts'

// The query makes Node load the module once more.
const load = <Module>(path: string): Promise<Module> => import(`${path}?copy`)
const calls = await load<typeof import('../../server/calls.ts')>('../../server/calls.ts')
const errors = await load<typeof import('../../server/errors.ts')>('../../server/errors.ts')

test('calls, results and errors of another copy of the package are known', async t => {
  const make = calls.defineCall({
    name: 'make',
    args: Type.Object({ id: Type.String() }),
    run: ({ id }) => calls.created(`/things/${id}/`, { id }),
  })
  const fail = calls.defineCall({
    name: 'fail',
    run: () => {
      throw new errors.CallError('APP0001', 'no', { status: 422 })
    },
  })
  const engine = createEngine({ calls: [make, fail], store: memoryStore() })
  t.after(() => engine.close())

  const made = await engine.submit('make', { id: 'a' })
  assert.deepEqual(await made.result(), { id: 'a' })
  assert.equal((await engine.core.task(made.taskId)).location, '/things/a/')
  const failed = await engine.submit('fail')
  await assert.rejects(failed.result(), { code: 'APP0001', status: 422 })
})
