// A quick way to copy what is plainly JSON. What comes of it is what JSON.stringify and JSON.parse would
// make; whatever is not plain, or large, it leaves to them, who know every case and every error.
import type { Json, JsonObject } from '../machines/index.ts'

/** The deepest nesting of anything that a task carries, in levels: recursion over it must not overflow the stack. */
export const JSON_DEPTH_MAX = 256

/** A value that may take more characters of JSON than this is not copied here. */
const PLAIN_LENGTH_MAX = 256 * 1024

/** The most characters of JSON that one character of a string takes (an escape), and that any number does. */
const CHARACTER_LENGTH_MAX = 6
const NUMBER_LENGTH_MAX = 25

/**
 * Copies a value of nulls, booleans, finite numbers, strings, arrays and plain objects, nested in at most
 * `JSON_DEPTH_MAX` levels. In objects `undefined` is left out, in arrays it is null.
 *
 * @returns Undefined when the value is not plainly JSON, or too large to tell: it may be JSON all the same.
 */
export function copyOfPlainJson(value: unknown): Json | undefined {
  try {
    return new Copying().copy(value, 1)
  } catch {
    // A getter or a proxy threw. JSON.stringify meets the same and says what it is.
    return undefined
  }
}

class Copying {
  /** Characters of JSON that may still come, counted generously. */
  #room = PLAIN_LENGTH_MAX

  copy(value: unknown, level: number): Json | undefined {
    switch (typeof value) {
      case 'string':
        return this.#takes(value.length * CHARACTER_LENGTH_MAX) ? value : undefined
      case 'number':
        // JSON has no negative zero.
        return this.#takes(NUMBER_LENGTH_MAX) && Number.isFinite(value) ? value + 0 : undefined
      case 'boolean':
        return this.#takes(0) ? value : undefined
      case 'object':
        if (!this.#takes(0) || level > JSON_DEPTH_MAX) return undefined
        if (value === null) return null
        return Array.isArray(value) ? this.#list(value, level) : this.#fields(value, level)
      default:
        return undefined
    }
  }

  #list(list: unknown[], level: number): Json[] | undefined {
    if (Object.getPrototypeOf(list) !== Array.prototype || hasToJson(list)) return undefined
    const copy: Json[] = []
    const { length } = list
    for (let at = 0; at < length; at += 1) {
      const item = this.copy(list[at] ?? null, level + 1)
      if (item === undefined) return undefined
      copy.push(item)
    }
    return copy
  }

  #fields(object: object, level: number): JsonObject | undefined {
    const prototype = Object.getPrototypeOf(object)
    if ((prototype !== Object.prototype && prototype !== null) || hasToJson(object))
      return undefined
    const copy: JsonObject = {}
    for (const name of Object.keys(object)) {
      const field = (object as Record<string, unknown>)[name]
      if (field === undefined) continue
      const value = this.copy(field, level + 1)
      if (value === undefined || !this.#takes(name.length * CHARACTER_LENGTH_MAX)) return undefined
      if (name === '__proto__') define(copy, name, value)
      else copy[name] = value
    }
    return copy
  }

  /** False when there is no room: for these characters, and for quotes, brackets, colons and commas. */
  #takes(characters: number): boolean {
    this.#room -= characters + 8
    return this.#room >= 0
  }
}

/** Sets a field whose name, assigned, would set the prototype. */
function define(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  })
}

function hasToJson(value: object & { toJSON?: unknown }): boolean {
  return value.toJSON !== undefined
}
