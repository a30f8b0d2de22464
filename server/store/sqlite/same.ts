// Whether two pieces of JSON are the same at first sight: what is not may still be, and is written out again.
import type { Json } from '../../../machines/index.ts'

/** Whether both are the same plain value, or have the same names, in the same order, with the same plain values. */
export function isSame(a: Json, b: Json): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return false
  const names = Object.keys(a)
  const others = Object.keys(b)
  if (names.length !== others.length) return false
  return names.every((name, nth) => name === others[nth] && a[name] === b[name])
}
