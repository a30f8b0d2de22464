// A search's conditions → SQL. The text comes from a validated tree and constants only; every name inside a
// JSON field and every value is bound. Holds to the semantics that condition.ts states.
import type { DatabaseSync } from 'node:sqlite'
import type { Json } from '../../../machines/index.ts'
import { type Condition, isoTimeMs, type Operand, type Test } from '../condition.ts'
import { type Field, parsePath } from '../fields.ts'
import { type Pattern, regExpOf } from '../pattern.ts'
import type { Search } from '../store.ts'
import { TASK } from './rows.ts'

/** Where each searchable field is. */
const COLUMNS: Record<
  Field,
  { text: string } | { number: string } | { time: string } | { json: string } | null
> = {
  id: { text: 'task_id' },
  task_id: { text: 'task_id' },
  task_group_id: { text: 'group_id' },
  schedule_id: null,
  task_type: { text: 'call' },
  state: { text: 'state' },
  response: { text: 'response' },
  reasons: { json: 'reasons' },
  tags: { json: 'tags' },
  args: { json: 'args' },
  progress: { json: 'progress' },
  progress_report: { json: 'progress' },
  result: { json: 'result' },
  error: { json: `ifnull(error, 'null')` },
  exception: { text: 'exception' },
  traceback: { text: 'traceback' },
  submit_time: { time: 'submit_ms' },
  start_time: { time: 'start_ms' },
  finish_time: { time: 'finish_ms' },
  spawned_tasks: { json: 'spawned_tasks' },
  worker_name: { text: 'worker' },
  queue: null,
  attempt: { number: 'attempt' },
  priority: { number: 'priority' },
  dependencies: { json: 'dependencies' },
  dependency_failures: { json: 'dependency_failures' },
  principal_login: { text: 'principal' },
}

export interface Compiled {
  sql: string
  values: Record<string, string | number>
}

/** Compiles a search. */
export function compileSearch({ where, sort, limit, skip }: Search): Compiled {
  const compiler = new Compiler()
  const condition = where === null ? '1' : compiler.condition(where)
  const order = sort.map(({ field, direction }) => {
    const key = compiler.sortKey(field)
    return direction === 'ascending' ? key : `${key} DESC`
  })
  return {
    sql: `SELECT ${TASK} FROM tasks WHERE ${condition} ORDER BY ${[...order, 'seq'].join(', ')} LIMIT :limit OFFSET :skip`,
    values: { ...compiler.values, limit: limit ?? -1, skip },
  }
}

/** Teaches a connection the two functions that compiled searches call; both give 0 or null for no text. */
export function defineSearchFunctions(db: DatabaseSync): void {
  const known = new Map<string, RegExp>()
  const regExp = (source: string, flags: string): RegExp => {
    const key = `${flags}/${source}`
    const compiled = known.get(key) ?? regExpOf({ source, flags })
    if (known.size > 64) known.clear()
    known.set(key, compiled)
    return compiled
  }
  db.function('matches_pattern', { deterministic: true }, (text, source, flags) =>
    typeof text === 'string' && regExp(source as string, flags as string).test(text) ? 1 : 0,
  )
  db.function('iso_time_ms', { deterministic: true }, text =>
    typeof text === 'string' ? isoTimeMs(text) : null,
  )
}

/** A JSON value in SQL: its type as `json_each` names it, its text or number, and its JSON when it has parts. */
interface Node {
  type: string
  atom: string
  value: string
}

class Compiler {
  readonly values: Record<string, string | number> = {}

  condition(condition: Condition): string {
    switch (condition.op) {
      case 'and':
        return joined(
          condition.parts.map(part => this.condition(part)),
          'AND',
        )
      case 'or':
        return joined(
          condition.parts.map(part => this.condition(part)),
          'OR',
        )
      case 'not':
        return `NOT ${this.condition(condition.part)}`
      case 'test':
        return `(${this.#test(condition.field, condition.path, condition.test)})`
    }
  }

  /** Missing and null, numbers, strings, objects, arrays, false, true: in this order, as SQLite orders storage classes. */
  sortKey(name: string): string {
    const { field, path } = parsePath(name)
    const column = COLUMNS[field]
    if (column === null) return 'NULL'
    if (!('json' in column)) return Object.values(column)[0] as string
    const { from, node } = this.#candidates(column.json, path)
    return `(SELECT CASE ${node.type} WHEN 'object' THEN CAST('0' || ${node.value} AS BLOB)
      WHEN 'array' THEN CAST('1' || ${node.value} AS BLOB) WHEN 'false' THEN x'32' WHEN 'true' THEN x'33'
      WHEN 'text' THEN ${node.atom} ELSE CAST(${node.atom} AS REAL) END FROM ${from} LIMIT 1)`
  }

  // Every test is 0 or 1 and never NULL, so that its negation is what it does not hold for.
  #test(field: Field, path: string[], test: Test): string {
    const column = COLUMNS[field]
    if (test.is === 'exists' && (column === null || path.length === 0)) return '1'
    if (column === null) return test.is === 'in' && test.operands.some(isNull) ? '1' : '0'
    if ('text' in column) return this.#scalar(column.text, 'text', test)
    if ('number' in column) return this.#scalar(column.number, 'number', test)
    if ('time' in column) return this.#time(column.time, test)
    if (field === 'tags' && test.is === 'in' && test.operands.length === 1) {
      const [operand] = test.operands
      if (
        operand !== undefined &&
        'json' in operand &&
        typeof operand.json === 'string' &&
        path.length === 0
      ) {
        return `seq IN (SELECT seq FROM task_tags WHERE tag = ${this.#bind(operand.json)})`
      }
    }
    return this.#json(column.json, path, test)
  }

  #scalar(column: string, holds: 'text' | 'number', test: Test): string {
    switch (test.is) {
      case 'in': {
        const fitting = test.operands.flatMap(operand =>
          'json' in operand && typeof operand.json === (holds === 'text' ? 'string' : 'number')
            ? [operand.json]
            : [],
        )
        const among = `${column} IS NOT NULL AND ${column} IN ${this.#list(fitting)}`
        const times = holds === 'text' ? this.#timesAmong(column, test.operands) : []
        const nulls = test.operands.some(isNull) ? [`${column} IS NULL`] : []
        return joined([among, ...times, ...nulls], 'OR')
      }
      case 'compare': {
        const { relation, operand } = test
        if ('timeMs' in operand) {
          return holds === 'text'
            ? `ifnull(iso_time_ms(${column}) ${relation} ${this.#bind(operand.timeMs)}, 0)`
            : '0'
        }
        if (typeof operand.json !== (holds === 'text' ? 'string' : 'number')) return '0'
        return `ifnull(${column} ${relation} ${this.#bind(operand.json as string | number)}, 0)`
      }
      case 'match':
        return holds === 'text' ? this.#matches(column, test.pattern) : '0'
      case 'exists':
        return '1'
    }
  }

  /** Times compare as reports show them: in whole seconds. */
  #time(column: string, test: Test): string {
    const shown = `(${column} / 1000 * 1000)`
    switch (test.is) {
      case 'in': {
        const times = test.operands.flatMap(operand =>
          'timeMs' in operand ? [operand.timeMs] : [],
        )
        const nulls = test.operands.some(isNull) ? [`${column} IS NULL`] : []
        return joined(
          [`${column} IS NOT NULL AND ${shown} IN ${this.#list(times)}`, ...nulls],
          'OR',
        )
      }
      case 'compare':
        return 'timeMs' in test.operand
          ? `ifnull(${shown} ${test.relation} ${this.#bind(test.operand.timeMs)}, 0)`
          : '0'
      case 'match':
        return this.#matches(
          `strftime('%Y-%m-%dT%H:%M:%SZ', ${column} / 1000, 'unixepoch')`,
          test.pattern,
        )
      case 'exists':
        return '1'
    }
  }

  #json(column: string, path: string[], test: Test): string {
    const { from, node } = this.#candidates(column, path)
    if (test.is === 'exists') return `EXISTS (SELECT 1 FROM ${from})`
    const element: Node = { type: 'element.type', atom: 'element.atom', value: 'element.value' }
    const holds = `EXISTS (SELECT 1 FROM ${from} WHERE ${this.#node(node, test)}
      OR ${node.type} = 'array' AND EXISTS (SELECT 1
        FROM json_each(CASE ${node.type} WHEN 'array' THEN ${node.value} ELSE '[]' END) AS element
        WHERE ${this.#node(element, test)}))`
    if (test.is !== 'in' || !test.operands.some(isNull)) return holds
    return `${holds} OR NOT EXISTS (SELECT 1 FROM ${from})`
  }

  /**
   * The values at a path, as rows: a name leads into an object, into each object of an array, and, when it
   * is a number, to that element of an array.
   */
  #candidates(column: string, path: string[]): { from: string; node: Node } {
    const tables = [`json_each(json_array(json(${column}))) AS n0`]
    let node = 'n0'
    for (const [index, segment] of path.entries()) {
      const position = /^(0|[1-9]\d{0,8})$/.test(segment) ? this.#bind(Number(segment)) : null
      // Where the name may lead on from: the object itself, the array's elements, and behind them the array.
      const holder = `h${index + 1}`
      const elements =
        position === null
          ? `${node}.value`
          : `json_insert(${node}.value, '$[#]', json(${node}.value))`
      tables.push(`json_each(CASE ${node}.type WHEN 'object' THEN json_array(json(${node}.value))
        WHEN 'array' THEN ${elements} ELSE '[]' END) AS ${holder}`)
      const self = `${holder}.type = 'array' AND ${holder}.key = json_array_length(${node}.value)`
      const open =
        position === null ? `${holder}.type = 'object'` : `${holder}.type = 'object' OR ${self}`
      const next = `n${index + 1}`
      const found = `${next}.key = ${this.#bind(segment)}${position === null ? '' : ` OR ${next}.key = ${position}`}`
      tables.push(
        `json_each(CASE WHEN ${open} THEN ${holder}.value ELSE '{}' END) AS ${next} ON (${found})`,
      )
      node = next
    }
    return {
      from: tables.join(' CROSS JOIN '),
      node: { type: `${node}.type`, atom: `${node}.atom`, value: `${node}.value` },
    }
  }

  #node(node: Node, test: Exclude<Test, { is: 'exists' }>): string {
    const { type, atom } = node
    switch (test.is) {
      case 'in':
        return `(${joined(this.#among(node, test.operands), 'OR')})`
      case 'compare': {
        const { relation, operand } = test
        if ('timeMs' in operand) {
          return `(${type} = 'text' AND ifnull(iso_time_ms(${atom}) ${relation} ${this.#bind(operand.timeMs)}, 0))`
        }
        return typeof operand.json === 'string'
          ? `(${type} = 'text' AND ${atom} ${relation} ${this.#bind(operand.json)})`
          : `(${type} IN ('integer', 'real') AND CAST(${atom} AS REAL) ${relation} ${this.#bind(operand.json as number)})`
      }
      case 'match':
        return `(${type} = 'text' AND ${this.#matches(atom, test.pattern)})`
    }
  }

  /** One alternative for each type among the operands. */
  #among({ type, atom, value }: Node, operands: Operand[]): string[] {
    const values = operands.flatMap(operand => ('json' in operand ? [operand.json] : []))
    const texts = values.filter(each => typeof each === 'string')
    const numbers = values.filter(each => typeof each === 'number')
    const containers = values
      .filter(each => typeof each === 'object' && each !== null)
      .map(each => JSON.stringify(each))
    const found: string[] = []
    if (texts.length > 0) found.push(`${type} = 'text' AND ${atom} IN ${this.#list(texts)}`)
    if (numbers.length > 0) {
      found.push(
        `${type} IN ('integer', 'real') AND CAST(${atom} AS REAL) IN ${this.#list(numbers)}`,
      )
    }
    if (containers.length > 0)
      found.push(`${type} IN ('object', 'array') AND ${value} IN ${this.#list(containers)}`)
    for (const plain of [true, false, null])
      if (values.includes(plain)) found.push(`${type} = '${plain}'`)
    return [
      ...found,
      ...this.#timesAmong(atom, operands).map(test => `${type} = 'text' AND ${test}`),
    ]
  }

  #timesAmong(text: string, operands: Operand[]): string[] {
    const times = operands.flatMap(operand => ('timeMs' in operand ? [operand.timeMs] : []))
    return times.length === 0 ? [] : [`ifnull(iso_time_ms(${text}) IN ${this.#list(times)}, 0)`]
  }

  #matches(text: string, { source, flags }: Pattern): string {
    return `matches_pattern(${text}, ${this.#bind(source)}, ${this.#bind(flags)})`
  }

  #list(values: readonly Json[]): string {
    if (values.length === 1) return `(${this.#bind(values[0] as string | number)})`
    // A whole number of JSON beyond 64 bits would else be read with less precision than one that is bound.
    const item = typeof values[0] === 'number' ? 'CAST(value AS REAL)' : 'value'
    return `(SELECT ${item} FROM json_each(${this.#bind(JSON.stringify(values))}))`
  }

  #bind(value: string | number): string {
    const name = `p${Object.keys(this.values).length}`
    this.values[name] = value
    return `:${name}`
  }
}

/** Joins in halves: SQLite bounds how deep an expression may be, and nests a plain chain as deep as it is long. */
function joined(parts: string[], operator: 'AND' | 'OR'): string {
  if (parts.length === 0) return operator === 'AND' ? '1' : '0'
  if (parts.length === 1) return parts[0] as string
  const half = parts.length >> 1
  return `((${joined(parts.slice(0, half), operator)}) ${operator} (${joined(parts.slice(half), operator)}))`
}

function isNull(operand: Operand): boolean {
  return 'json' in operand && operand.json === null
}
