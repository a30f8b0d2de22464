import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Run, Runs } from '../../server/runs.ts'
import { task } from './store/builders.ts'

const run = (seq: number) => ({ task: task(seq), at: 0 }) as Run

test('The run of a task is found for as long as it runs', () => {
  const runs = new Runs()
  const [first, second, third] = [run(1), run(2), run(3)]
  for (const each of [first, second]) runs.add(each)
  assert.equal(runs.of('t1'), first)
  assert.equal(runs.of('t3'), undefined)

  runs.add(third)
  assert.equal(runs.of('t3'), third)
  runs.delete(first)
  assert.equal(runs.of('t1'), undefined)
  assert.equal(runs.of('t3'), third)
  assert.deepEqual([runs.size, new Set(runs.all())], [2, new Set([second, third])])

  runs.delete(third)
  runs.delete(second)
  assert.deepEqual([runs.size, runs.of('t2')], [0, undefined])
})
