// What search refuses, and in which words.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BadSearchError } from '../../../server/errors.ts'
import { isoTimeMs, parseFields, parseFilters, parseSort } from '../../../server/store/condition.ts'

const nested = (levels: number) =>
  Array.from({ length: levels }).reduce<unknown>(inner => ({ $or: [inner] }), {})
const list = (levels: number) => Array.from({ length: levels }).reduce<unknown>(inner => [inner], 1)

describe('Refused, with what holds, are', () => {
  const refused: [what: string, filters: unknown, message: RegExp][] = [
    ['a list', [], /\[\] where a document/],
    ['a string', 'state', /"state" where a document/],
    ['an unknown field', { stat: 1 }, /"stat" is not a field of a task; known are id, task_id/],
    ['a key of the prototype', JSON.parse('{"__proto__": 1}'), /"__proto__" is not a field/],
    ['a method of objects', { toString: 1 }, /"toString" is not a field/],
    ['a path into a plain value', { 'state.x': 1 }, /state is a plain value/],
    ['a path with an empty name', { 'result..x': 1 }, /not a path/],
    ['a path too long', { [`result${'.x'.repeat(17)}`]: 1 }, /1 to 16 names/],
    ['half a character', { state: '\ud800' }, /surrogate/],
    ['an operator in a field’s place', { $eq: 1 }, /only \$and, \$or and \$nor/],
    ['$where', { $where: 'true' }, /only \$and, \$or and \$nor/],
    [
      'an unknown operator',
      { state: { $like: 'x' } },
      /state: "\$like" is not an operator; known are \$eq/,
    ],
    [
      'an operator of the prototype',
      { state: { $regex: 'x', constructor: 1 } },
      /"constructor" is not an operator/,
    ],
    ['$options without $regex', { state: { $options: 'i' } }, /"\$options" is not an operator/],
    ['an operator among a value', { result: { a: { $gt: 1 } } }, /holds an operator/],
    ['an empty $or', { $or: [] }, /\$or holds \[\]; it takes a list of one or more/],
    ['$and of no documents', { $and: [1] }, /1 where a document/],
    ['$in of a single value', { state: { $in: 'x' } }, /\$in holds "x"; it takes a list/],
    ['$gt of null', { priority: { $gt: null } }, /takes a number, string or time/],
    ['$exists of a word', { result: { $exists: 'yes' } }, /true or false/],
    ['$not of a value', { state: { $not: 'x' } }, /\$not holds "x"; it takes a document/],
    ['a time that is none', { start_time: 'yesterday' }, /start_time is compared with "yesterday"/],
    ['a time that is a number', { start_time: { $gt: 5 } }, /it is a time of ISO 8601/],
    ['a $date that is none', { start_time: { $date: '2026-13-01' } }, /is not a time/],
    ['a $date among more', { start_time: { $date: '2026-01-01', x: 1 } }, /is not a time/],
    ['a pattern that is none', { state: { $regex: '(' } }, /state: Invalid regular expression/],
    ['a pattern too long', { state: { $regex: 'x'.repeat(257) } }, /at most 256/],
    ['options unknown', { state: { $regex: 'x', $options: 'gu' } }, /letters i, m and s/],
    ['filters too deep', nested(40), /deeper than 32/],
    ['filters far too deep', nested(5_000), /deeper than 32/],
    ['a value too deep', { result: list(5_000) }, /deeper than 32/],
    [
      'too many conditions',
      { $or: Array.from({ length: 1_001 }, () => ({ state: 'x' })) },
      /more than 1000/,
    ],
  ]
  for (const [what, filters, message] of refused) {
    test(`filters with ${what}`, () => {
      assert.throws(
        () => parseFilters(filters),
        (error: BadSearchError) => {
          assert.ok(error instanceof BadSearchError)
          assert.match(error.message, message)
          return true
        },
      )
    })
  }

  const sorts: unknown[] = [
    {},
    'state',
    ['state'],
    [['state']],
    [['state', 1]],
    [['stat', 'ascending']],
    [['a', 'b', 'c']],
  ]
  for (const sort of sorts) {
    test(`the sort ${JSON.stringify(sort)}`, () => {
      assert.throws(() => parseSort(sort), BadSearchError)
    })
  }

  for (const fields of ['state', [1], ['stat'], ['result.x']]) {
    test(`the fields ${JSON.stringify(fields)}`, () => {
      assert.throws(() => parseFields(fields), BadSearchError)
    })
  }
})

test('Fields always keep the id of the task', () => {
  assert.deepEqual(parseFields(['state', 'state', '_href']), ['task_id', 'state', '_href'])
  assert.equal(parseFields(undefined), null)
})

test('Times are UTC unless they name a zone', () => {
  const noon = Date.UTC(2026, 0, 2, 12)
  for (const text of [
    '2026-01-02T12:00',
    '2026-01-02T12:00:00Z',
    '2026-01-02T14:00:00.000+02:00',
  ]) {
    assert.equal(isoTimeMs(text), noon)
  }
  assert.equal(isoTimeMs('2026-01-02'), noon - 12 * 3_600_000)
  for (const text of ['', '2026', 'January 2, 2026', '2026-01-02T25:00Z', '2026-01-02 12:00']) {
    assert.equal(isoTimeMs(text), null, text)
  }
})
