// The calls of the tests' server: real handlers, held at gates that the test opens.
import { CallError, defineCall, Type } from '../../server/index.ts'

/** What runs wait for. */
export class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>()
  #isOpen = false

  passed(name: string): Promise<void> {
    return this.#isOpen ? Promise.resolve() : this.#of(name).promise
  }

  open(name: string): void {
    this.#of(name).resolve()
  }

  openAll(): void {
    this.#isOpen = true
    for (const gate of this.#gates.values()) gate.resolve()
  }

  #of(name: string): PromiseWithResolvers<void> {
    const known = this.#gates.get(name)
    if (known !== undefined) return known
    const gate = Promise.withResolvers<void>()
    this.#gates.set(name, gate)
    return gate
  }
}

const Gated = Type.Object({ gate: Type.String(), id: Type.Optional(Type.String()) })

/** Real calls whose runs end when the test says so. */
export function callsOf(gates: Gates) {
  const wait = (gate: string, signal: AbortSignal) =>
    Promise.race([
      gates.passed(gate),
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
    ])
  return [
    /** Ends when its gate is opened. */
    defineCall({
      name: 'repository.sync',
      args: Gated,
      resources: ({ id }) =>
        id === undefined
          ? []
          : [{ resource_type: 'repository', resource_id: id, operation: 'update' }],
      async run({ gate }, { signal, progress }) {
        progress({ done: 3, total: 20 })
        await wait(gate, signal)
        return { added: 42 }
      },
    }),
    /** Cannot be cancelled while it runs. */
    defineCall({
      name: 'stubborn',
      args: Gated,
      cancellable: false,
      run: ({ gate }) => gates.passed(gate),
    }),
    /** Ends in an error, at once. */
    defineCall({
      name: 'broken',
      args: Type.Object({}),
      run() {
        throw new CallError('TST0007', 'the feed has no metadata', { data: { status: 404 } })
      },
    }),
    /** Ends at once. */
    defineCall({ name: 'quick', args: Type.Object({}), run: () => null }),
  ]
}
