// Messages of Stately's inspection protocol, as `@statelyai/inspect` 0.7 sends and receives them.
import type { ActorAddress, ActorSnapshot } from './actor.ts'

/** The version of the protocol. */
const VERSION = '0.7.2'

interface Message {
  rootId: string
  /** The actor that it is about. */
  sessionId: string
  id: string
  /** Ms since the epoch, as text. */
  createdAt: string
  _version: string
}

export interface ActorMessage extends Message {
  type: '@xstate.actor'
  name: string
  parentId: string | undefined
  /** The machine's config as JSON. */
  definition: string
  snapshot: ActorSnapshot
}

export interface EventMessage extends Message {
  type: '@xstate.event'
  sourceId: string | undefined
  event: { type: string }
}

export interface SnapshotMessage extends Message {
  type: '@xstate.snapshot'
  event: { type: string }
  snapshot: ActorSnapshot
}

export type InspectionMessage = ActorMessage | EventMessage | SnapshotMessage

export function actorMessage(
  actor: ActorAddress,
  snapshot: ActorSnapshot,
  atMs: number,
): ActorMessage {
  const { name, parentId, machine } = actor
  return {
    type: '@xstate.actor',
    ...about(actor, atMs),
    name,
    parentId,
    definition: definitionOf(machine),
    snapshot,
  }
}

export function eventMessage(
  actor: ActorAddress,
  event: { type: string },
  atMs: number,
  sourceId?: string,
): EventMessage {
  return { type: '@xstate.event', ...about(actor, atMs), sourceId, event }
}

export function snapshotMessage(
  actor: ActorAddress,
  snapshot: ActorSnapshot,
  event: { type: string },
  atMs: number,
): SnapshotMessage {
  return { type: '@xstate.snapshot', ...about(actor, atMs), snapshot, event }
}

let count = 0

function about({ sessionId, rootId }: ActorAddress, atMs: number): Message {
  count += 1
  return { rootId, sessionId, id: String(count), createdAt: String(atMs), _version: VERSION }
}

const definitions = new Map<ActorAddress['machine'], string>()

function definitionOf(machine: ActorAddress['machine']): string {
  const known = definitions.get(machine)
  if (known !== undefined) return known
  const definition = JSON.stringify(machine.config)
  definitions.set(machine, definition)
  return definition
}
