// What a task does to a resource.
import type { Operation } from '../data.ts'

export function OperationTag({ operation }: { operation: Operation }) {
  return <span class={`tag operation operation-${operation}`}>{operation}</span>
}
