// Values by resource, which is a type and an id within it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByResource } from '../../machines/by-resource.ts'

const resource = (resource_type: string, resource_id: string) => ({ resource_type, resource_id })

test('Resources of two types with the same id have a value each', () => {
  const values = new ByResource<number>()
  values.set(resource('repository', '1'), 1)
  values.set(resource('feed', '1'), 2)
  values.set(resource('feed', '1'), 3)
  assert.equal(values.get(resource('repository', '1')), 1)
  assert.equal(values.get(resource('feed', '1')), 3)
  assert.equal(values.get(resource('feed', '2')), undefined)
  assert.deepEqual([...values.values()], [1, 3])
})

test('A resource whose value was deleted has none, and the others of its type keep theirs', () => {
  const values = new ByResource<number>()
  values.set(resource('feed', '1'), 1)
  values.set(resource('feed', '2'), 2)
  values.delete(resource('feed', '1'))
  values.delete(resource('repository', '2'))
  assert.equal(values.get(resource('feed', '1')), undefined)
  assert.deepEqual([...values.values()], [2])
  values.delete(resource('feed', '2'))
  values.set(resource('feed', '3'), 3)
  assert.deepEqual([...values.values()], [3])
})
