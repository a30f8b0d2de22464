// Search criteria as clients write them, in MongoDB's find syntax → a small tree that stores evaluate.
// Everything hostile or meaningless is refused here, so that a store meets sound conditions only.
import type { Json } from '../../machines/index.ts'
import { BadSearchError } from '../errors.ts'
import { FIELDS, type Field, parsePath, shown } from './fields.ts'
import { compilePattern, type Pattern } from './pattern.ts'

export { parseFields, parseSort } from './fields.ts'

/** What a task must satisfy. `and` of nothing holds for every task, `or` of nothing for none. */
export type Condition =
  | { op: 'and' | 'or'; parts: Condition[] }
  | { op: 'not'; part: Condition }
  | { op: 'test'; field: Field; path: string[]; test: Test }

/**
 * What one value must satisfy. As in MongoDB, an array satisfies `in`, `compare` and `match` when it does
 * as a whole or one of its elements does; a missing value counts as null for `in`; `compare` holds only
 * between values of one type.
 */
export type Test =
  | { is: 'in'; operands: Operand[] }
  | { is: 'compare'; relation: Relation; operand: Operand }
  | { is: 'exists' }
  | { is: 'match'; pattern: Pattern }

export type Relation = '<' | '<=' | '>' | '>='

/** A JSON value, or a time that compares with the times that strings of ISO 8601 tell. */
export type Operand = { json: Json } | { timeMs: number }

const DEPTH_MAX = 32
const CONDITIONS_MAX = 1_000
const OPERANDS_MAX = 100_000

const OPERATORS = '$eq $ne $in $nin $gt $gte $lt $lte $exists $regex $all $not'.split(' ')
const RELATIONS = new Map<string, Relation>([
  ['$gt', '>'],
  ['$gte', '>='],
  ['$lt', '<'],
  ['$lte', '<='],
])

/**
 * Reads search filters; none at all hold for every task.
 *
 * @throws {BadSearchError} says what was found and what holds.
 */
export function parseFilters(filters: unknown): Condition {
  return parseDocument(filters ?? {}, { depth: 0, budget: { conditions: CONDITIONS_MAX } })
}

/** Whether a pattern must be evaluated for the condition: see `withinPatternTime`. */
export function hasPattern(condition: Condition): boolean {
  switch (condition.op) {
    case 'and':
    case 'or':
      return condition.parts.some(hasPattern)
    case 'not':
      return hasPattern(condition.part)
    case 'test':
      return condition.test.is === 'match'
  }
}

/** How deep in the filters we are, and how many conditions may still come, over all of them. */
interface Place {
  depth: number
  budget: { conditions: number }
}

function deeper({ depth, budget }: Place): Place {
  if (depth >= DEPTH_MAX)
    throw new BadSearchError(`the filters are nested deeper than ${DEPTH_MAX} levels`)
  return { depth: depth + 1, budget }
}

function parseDocument(document: unknown, place: Place): Condition {
  if (!isDocument(document)) {
    throw new BadSearchError(
      `filters hold ${shown(document)} where a document {field: condition} belongs`,
    )
  }
  const inside = deeper(place)
  return all(Object.entries(document).map(([key, value]) => parseEntry(key, value, inside)))
}

function parseEntry(key: string, value: unknown, place: Place): Condition {
  switch (key) {
    case '$and':
      return all(documentsOf(key, value, place))
    case '$or':
      return { op: 'or', parts: documentsOf(key, value, place) }
    case '$nor':
      return { op: 'not', part: { op: 'or', parts: documentsOf(key, value, place) } }
  }
  if (key.startsWith('$')) {
    throw new BadSearchError(
      `${shown(key)} stands where a field belongs; only $and, $or and $nor may stand there`,
    )
  }
  return parseExpression(new Target(key, place.budget), value, place)
}

function documentsOf(key: string, value: unknown, place: Place): Condition[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new BadSearchError(
      `${key} holds ${shown(value)}; it takes a list of one or more documents`,
    )
  }
  return value.map(document => parseDocument(document, place))
}

/** The value that a field's condition is about. */
class Target {
  readonly name: string
  readonly field: Field
  readonly path: string[]
  readonly #budget: Place['budget']

  constructor(name: string, budget: Place['budget']) {
    this.name = name
    const { field, path } = parsePath(name)
    this.field = field
    this.path = path
    this.#budget = budget
  }

  test(test: Test): Condition {
    this.#budget.conditions -= 1
    if (this.#budget.conditions < 0)
      throw new BadSearchError(`the filters hold more than ${CONDITIONS_MAX} conditions`)
    return { op: 'test', field: this.field, path: this.path, test }
  }

  equals(value: unknown): Condition {
    return this.test({ is: 'in', operands: [this.operand(value)] })
  }

  operand(value: unknown): Operand {
    const timeMs = dateOf(value)
    if (timeMs !== null) return { timeMs }
    if (FIELDS[this.field] === 'time' && value !== null) {
      const told = typeof value === 'string' ? isoTimeMs(value) : null
      if (told === null)
        throw new BadSearchError(
          `${this.name} is compared with ${shown(value)}; it is a time of ISO 8601`,
        )
      return { timeMs: told }
    }
    return { json: soundJson(value, this.name, 0) }
  }
}

function parseExpression(target: Target, value: unknown, place: Place): Condition {
  if (!isDocument(value) || dateOf(value) !== null) return target.equals(value)
  const keys = Object.keys(value)
  if (!keys.some(key => key.startsWith('$'))) return target.equals(value)
  const inside = deeper(place)
  return all(
    keys
      .filter(key => key !== '$options' || !Object.hasOwn(value, '$regex'))
      .map(key => parseOperator(target, key, value[key], value.$options, inside)),
  )
}

function parseOperator(
  target: Target,
  key: string,
  value: unknown,
  options: unknown,
  place: Place,
): Condition {
  const relation = RELATIONS.get(key)
  if (relation !== undefined) {
    const operand = target.operand(value)
    if ('json' in operand && typeof operand.json !== 'number' && typeof operand.json !== 'string') {
      throw new BadSearchError(
        `${target.name}: ${key} compares with ${shown(value)}; it takes a number, string or time`,
      )
    }
    return target.test({ is: 'compare', relation, operand })
  }
  switch (key) {
    case '$eq':
      return target.equals(value)
    case '$ne':
      return { op: 'not', part: target.equals(value) }
    case '$in':
      return target.test({ is: 'in', operands: operandsOf(target, key, value) })
    case '$nin':
      return {
        op: 'not',
        part: target.test({ is: 'in', operands: operandsOf(target, key, value) }),
      }
    case '$all': {
      const operands = operandsOf(target, key, value)
      if (operands.length === 0) return { op: 'or', parts: [] }
      return all(operands.map(operand => target.test({ is: 'in', operands: [operand] })))
    }
    case '$exists': {
      if (typeof value !== 'boolean') {
        throw new BadSearchError(
          `${target.name}: $exists holds ${shown(value)}; it takes true or false`,
        )
      }
      const exists = target.test({ is: 'exists' })
      return value ? exists : { op: 'not', part: exists }
    }
    case '$regex':
      return target.test({
        is: 'match',
        pattern: compilePattern(target.name, value, options ?? ''),
      })
    case '$not':
      if (!isDocument(value) || !Object.keys(value).some(name => name.startsWith('$'))) {
        throw new BadSearchError(
          `${target.name}: $not holds ${shown(value)}; it takes a document of operators`,
        )
      }
      return { op: 'not', part: parseExpression(target, value, place) }
  }
  throw new BadSearchError(
    `${target.name}: ${shown(key)} is not an operator; known are ${OPERATORS.join(' ')}`,
  )
}

function operandsOf(target: Target, key: string, value: unknown): Operand[] {
  if (!Array.isArray(value) || value.length > OPERANDS_MAX) {
    throw new BadSearchError(
      `${target.name}: ${key} holds ${shown(value)}; it takes a list of at most ${OPERANDS_MAX} values`,
    )
  }
  return value.map(each => target.operand(each))
}

/** A value to compare with: JSON of bounded depth, its strings sound Unicode so that all stores can tell them apart. */
function soundJson(value: unknown, name: string, depth: number): Json {
  if (depth > DEPTH_MAX)
    throw new BadSearchError(`${name}: a value is nested deeper than ${DEPTH_MAX} levels`)
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new BadSearchError(`${name}: ${shown(value)} holds half of a surrogate pair`)
  }
  if (Array.isArray(value)) for (const each of value) soundJson(each, name, depth + 1)
  else if (isDocument(value)) {
    for (const [key, each] of Object.entries(value)) {
      if (key.startsWith('$'))
        throw new BadSearchError(`${name}: the value ${shown(value)} holds an operator`)
      soundJson(each, name, depth + 1)
    }
  }
  return value as Json
}

/** The time that `{"$date": …}` tells, or null for any other value. */
function dateOf(value: unknown): number | null {
  if (!isDocument(value) || !Object.hasOwn(value, '$date')) return null
  const { $date: date } = value
  const timeMs =
    typeof date === 'string' && Object.keys(value).length === 1 ? isoTimeMs(date) : null
  if (timeMs === null)
    throw new BadSearchError(`${shown(value)} is not a time; it is {"$date": "<ISO 8601>"}`)
  return timeMs
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/

/** Milliseconds since the epoch of an ISO 8601 time, UTC when it names no zone; null for any other text. */
export function isoTimeMs(text: string): number | null {
  const match = ISO_TIME.exec(text)
  if (match === null) return null
  const timeMs = Date.parse(text.length > 10 && match[1] === undefined ? `${text}Z` : text)
  return Number.isNaN(timeMs) ? null : timeMs
}

function all(parts: Condition[]): Condition {
  return parts.length === 1 ? (parts[0] as Condition) : { op: 'and', parts }
}

function isDocument(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
