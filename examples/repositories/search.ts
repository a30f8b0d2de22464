// Searching documents with MongoDB's find syntax, as rollcall's own search does
// for tasks.

import type { Condition } from '@ucast/core'
import { allInterpreters, createJsInterpreter } from '@ucast/js'
import {
  $all,
  $and,
  $eq,
  $exists,
  $gt,
  $gte,
  $in,
  $lt,
  $lte,
  $ne,
  $nin,
  $nor,
  $not,
  $or,
  $regex,
  MongoQueryParser,
} from '@ucast/mongo'
import { badField } from './errors.ts'
import type { Criteria } from './schemas.ts'

type Row = { id: string; _href: string }

const depthMax = 32
const operators = {
  $all,
  $and,
  $eq,
  $exists,
  $gt,
  $gte,
  $in,
  $lt,
  $lte,
  $ne,
  $nin,
  $nor,
  $not,
  $or,
  $regex,
}
const parser = new MongoQueryParser(operators)
const interpret = createJsInterpreter(allInterpreters)

/**
 * The rows that match, in the order asked for; `id` and `_href` are in every row even when
 * `fields` leaves them out.
 *
 * @throws {CallError} REP0003 for a filter that is none.
 */
export function search<T extends Row>(rows: readonly T[], criteria: Criteria): (T | Row)[] {
  const condition = parseFilters(criteria.filters ?? {})
  const matching = rows.filter(row => interpret(condition, row))
  for (const [field, direction] of (criteria.sort ?? []).toReversed()) {
    const sign = direction === 'ascending' ? 1 : -1
    matching.sort((a, b) => sign * compare(valueAt(a, field), valueAt(b, field)))
  }
  const skip = criteria.skip ?? 0
  const page = matching.slice(skip, skip + (criteria.limit ?? matching.length))
  const { fields } = criteria
  return fields ? page.map(row => picked(row, fields)) : page
}

function parseFilters(filters: Record<string, unknown>): Condition {
  checkOperators(filters, depthMax)
  try {
    return parser.parse(filters)
  } catch (error) {
    throw badField('filters', error instanceof Error ? error.message : String(error))
  }
}

/** The parser takes an operator that it does not know for a value to compare with. */
function checkOperators(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth === 0) throw badField('filters', `nested deeper than ${depthMax}`)
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith('$') && !Object.hasOwn(operators, key))
      throw badField('filters', `unknown operator ${key}`)
    checkOperators(inner, depth - 1)
  }
}

function valueAt(row: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    return Reflect.get(value, key)
  }, row)
}

/** Missing and null first, then by type, then by value: a total order, so that pages do not overlap. */
function compare(a: unknown, b: unknown): number {
  const byType = typeRank(a) - typeRank(b)
  if (byType !== 0) return byType
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [JSON.stringify(a) ?? '', JSON.stringify(b) ?? '']
  return left < right ? -1 : left > right ? 1 : 0
}

function typeRank(value: unknown): number {
  if (value === undefined || value === null) return 0
  return 1 + ['boolean', 'number', 'string', 'object'].indexOf(typeof value)
}

function picked(row: Row, fields: readonly string[]): Row {
  const chosen = Object.entries(row).filter(([key]) => fields.includes(key))
  return { id: row.id, _href: row._href, ...Object.fromEntries(chosen) }
}
