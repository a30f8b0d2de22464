// The calls that the contract's tests ask for: each does one thing that a test can see from outside.
import { CallError, created, defineCall, Type } from '../../server/index.ts'

const strict = { additionalProperties: false }
const Operation = Type.Enum(['create', 'read', 'update', 'delete'])
const Key = Type.Object({ key: Type.String() }, strict)

/** Gates by key: a held call ends when its gate is opened. */
const gates = new Map<string, PromiseWithResolvers<void>>()

function gate(key: string): PromiseWithResolvers<void> {
  const known = gates.get(key) ?? Promise.withResolvers<void>()
  gates.set(key, known)
  return known
}

async function held(key: string, signal: AbortSignal): Promise<string> {
  const stopped = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => stopped.reject(signal.reason))
  await Promise.race([gate(key).promise, stopped.promise])
  return key
}

export const open = defineCall({
  name: 'gate.open',
  args: Key,
  execution: 'sync',
  run: ({ key }) => gate(key).resolve(),
})

export const hold = defineCall({
  name: 'hold',
  args: Key,
  run: ({ key }, { signal }) => held(key, signal),
})

export const holdSync = defineCall({
  name: 'hold.sync',
  args: Key,
  execution: 'sync',
  run: ({ key }, { signal }) => held(key, signal),
})

export const stubborn = defineCall({
  name: 'hold.stubborn',
  args: Key,
  cancellable: false,
  run: ({ key }, { signal }) => held(key, signal),
})

export const echo = defineCall({
  name: 'echo',
  description: 'Gives back what it was given.',
  args: Type.Object({ value: Type.Unknown() }, strict),
  execution: 'sync',
  tags: () => ['echo'],
  run: ({ value }) => value,
})

export const make = defineCall({
  name: 'thing.make',
  args: Type.Object({ id: Type.String() }, strict),
  execution: 'sync',
  run: ({ id }) => created(`/things/${id}/`, { id }),
})

export const use = defineCall({
  name: 'thing.use',
  args: Type.Object(
    { id: Type.String(), operation: Operation, key: Type.Optional(Type.String()) },
    strict,
  ),
  resources: ({ id, operation }) => [{ resource_type: 'thing', resource_id: id, operation }],
  execution: 'sync',
  run: ({ key }, { signal }) => (key === undefined ? 'used' : held(key, signal)),
})

export const refuse = defineCall({
  name: 'refuse',
  args: Type.Object({ status: Type.Integer() }, strict),
  execution: 'sync',
  run: ({ status }) => {
    throw new CallError('CON0001', 'refused', { status, data: { why: 'so' }, subErrors: ['a'] })
  },
})

export const fling = defineCall({
  name: 'fling',
  args: Type.Object({ what: Type.Enum(['error', 'text', 'null', 'undefined', 'object']) }, strict),
  execution: 'sync',
  run: ({ what }) => {
    const things = {
      error: new TypeError('flung'),
      text: 'flung',
      null: null,
      undefined: undefined,
      object: { flung: true },
    }
    throw things[what]
  },
})

export const uncarried = defineCall({
  name: 'uncarried',
  args: Type.Object({ what: Type.Enum(['bigint', 'function', 'cycle', 'nan', 'map']) }, strict),
  execution: 'sync',
  run: ({ what }): unknown => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    return { bigint: 1n, function: () => {}, cycle, nan: { a: Number.NaN }, map: new Map() }[what]
  },
})

let counted = 0

export const count = defineCall({ name: 'count', execution: 'sync', run: () => ++counted })
export const countLater = defineCall({ name: 'count.later', run: () => ++counted })
