// Admission of a submission, whole or not at all: its members are judged in run order, each against
// everything before it, siblings included, and only when none is refused is anything written.
import { Ahead } from './ahead.ts'
import type { Command, TaskSpec } from './commands.ts'
import type { Decision, SubmitReply } from './effects.ts'
import { type Group, isOpen, isSuspended, NO_TASKS } from './group.machine.ts'
import { once } from './idempotency.ts'
import { type Member, memberName, resolveMembers } from './members.ts'
import { ACCEPTED, grantedUses, isHeldBack, type Judgement, waitingUses } from './placement.ts'
import { type Granted, judgeEach } from './reservations.ts'
import {
  type Dependency,
  type DependencyFailure,
  isFinal,
  NO_FIELDS,
  NOTHING,
  type Task,
} from './task.machine.ts'
import type { Work } from './work.ts'

/** Answers that a client's key gives again. */
const KEPT = ['submitted', 'rejected'] as const

type Of<T extends Command['type']> = Extract<Command, { type: T }>

/** Admits the specs, in a new group or in none. */
export function submit(work: Work, command: Of<'tasks.submit'>): Decision['reply'] {
  const { specs, group, idempotency } = command
  return once<SubmitReply>(work, idempotency, KEPT, () => {
    if (group === null) return admit(work, specs, { groupId: null, parentId: null })
    const fresh: Group = {
      groupId: work.env.newId(),
      value: group.open ? 'active.open' : 'active.closed',
      seq: work.nextSeq(),
      tags: group.tags,
      onFailure: group.onFailure,
      counts: NO_TASKS,
      canceled: false,
      submitMs: work.env.nowMs,
      finishMs: null,
      rev: work.nextRev(),
    }
    return admit(work, specs, { groupId: fresh.groupId, parentId: null }, fresh)
  })
}

/** Admits more members to a group that was submitted open. */
export function addToGroup(work: Work, command: Of<'group.add'>): Decision['reply'] {
  const { groupId, specs, idempotency } = command
  return once<SubmitReply>(work, idempotency, KEPT, () => {
    const group = work.group(groupId)
    if (group === undefined) return { outcome: 'group_missing' }
    if (!isOpen(group)) return { outcome: 'group_closed', canceled: group.canceled }
    return admit(work, specs, { groupId, parentId: null })
  })
}

/** Admits a child of a running attempt to the group of its parent. */
export function spawn(work: Work, command: Of<'task.spawn'>): SubmitReply {
  const parent = work.task(command.parentId)
  if (parent?.value !== 'running.executing' || parent.attempt !== command.attempt) {
    return { outcome: 'parent_replaced' }
  }
  if (work.groupOf(parent)?.canceled) return { outcome: 'group_closed', canceled: true }
  const { groupId, taskId: parentId } = parent
  const reply = admit(work, [command.spec], { groupId, parentId })
  if (reply.outcome === 'submitted') {
    for (const { taskId } of reply.tasks) {
      work.send(parent, { type: 'task.spawned', childId: taskId })
    }
  }
  return reply
}

interface Family {
  groupId: string | null
  parentId: string | null
}

/** How a member stands: held back, or admitted with these reservations to wait for. */
type Standing = { held: boolean; judgement: Judgement; granted: Granted }

const HELD: Standing = {
  held: true,
  judgement: { response: 'postponed', reasons: NOTHING },
  granted: null,
}
/** That of a member that nothing stands in the way of. */
const ADMITTED: Standing = { held: false, judgement: ACCEPTED, granted: null }

function admit(work: Work, specs: TaskSpec[], family: Family, newGroup?: Group): SubmitReply {
  const resolved = resolveMembers(work, specs)
  if ('outcome' in resolved) return resolved
  const { members, runOrder } = resolved
  const standings = judgeMembers(work, specs, members, runOrder)
  if (!Array.isArray(standings)) return standings

  if (newGroup !== undefined) work.addGroup(newGroup)
  const seqs = members.map(() => work.nextSeq())
  for (const index of runOrder) {
    const standing = standings[index] as Standing
    addMember(work, members[index] as Member, standing, seqs[index] as number, family)
  }
  if (family.groupId !== null) joinGroup(work, family.groupId, members)
  const tasks = members.map(({ taskId }, index) => {
    const { response } = (standings[index] as Standing).judgement
    return { taskId, response }
  })
  return { outcome: 'submitted', groupId: family.groupId, tasks }
}

function judgeMembers(
  work: Work,
  specs: TaskSpec[],
  members: Member[],
  runOrder: number[],
): Standing[] | SubmitReply {
  const standings = new Array<Standing>(members.length)
  const held = new Set<string>()
  const ahead = new Ahead(work.slice.queues)
  let place = work.slice.counters.place
  for (const index of runOrder) {
    const { spec, dependencies, taskId } = members[index] as Member
    const waitsForPlace = dependencies.some(
      each => held.has(each.taskId) || isHeldBack(work.task(each.taskId)),
    )
    if (waitsForPlace || startsLater(work, spec)) {
      held.add(taskId)
      standings[index] = HELD
      continue
    }
    const { resources } = spec
    const firsts = ahead.of(resources)
    const admission = judgeEach(resources, firsts)
    if (admission.response === 'rejected') {
      const { reasons } = admission
      return { outcome: 'rejected', member: memberName(specs, index), reasons }
    }
    standings[index] =
      admission.response === 'accepted'
        ? ADMITTED
        : { held: false, judgement: admission, granted: grantedUses(resources, firsts, admission) }
    place += 1
    Ahead.take(resources, firsts, place)
  }
  return standings
}

function startsLater(work: Work, { startAfterMs }: TaskSpec): boolean {
  return startAfterMs !== null && startAfterMs > work.env.nowMs
}

/** Adds one member, and what it waits for. */
function addMember(
  work: Work,
  { spec, taskId, dependencies }: Member,
  standing: Standing,
  seq: number,
  { groupId, parentId }: Family,
): void {
  const later = startsLater(work, spec)
  const place = standing.held ? null : work.nextPlace()
  let blockers = waitingUses(standing.granted)
  let unplaced = later ? 1 : 0
  let waitsFor: Dependency[] | null = null
  let failures: Record<string, DependencyFailure> | null = null
  for (const each of dependencies) {
    const { taskId: dependencyId, states } = each
    const dependency = work.task(dependencyId) as Task
    if (!isFinal(dependency.value)) {
      blockers += 1
      if (isHeldBack(dependency)) unplaced += 1
      waitsFor ??= []
      waitsFor.push(each)
    } else if (!states.includes(dependency.value)) {
      failures ??= {}
      failures[dependencyId] = { expected: states, actual: dependency.value }
    }
  }
  const { call, args, tags, resources, priority, cancellable, principal } = spec
  const { response, reasons } = standing.judgement
  const task: Task = {
    taskId,
    value: 'waiting',
    seq,
    place,
    groupId,
    parentId,
    call,
    args,
    tags,
    resources,
    dependencies,
    dependencyFailures: NO_FIELDS,
    priority,
    cancellable,
    principal,
    response,
    reasons,
    blockers,
    unplaced,
    wakeAtMs: later ? spec.startAfterMs : null,
    attempt: 1,
    interruptions: 0,
    failedAttempts: 0,
    stopCause: null,
    progress: NO_FIELDS,
    result: null,
    location: null,
    failure: null,
    spawned: NOTHING,
    worker: null,
    submitMs: work.env.nowMs,
    startMs: null,
    finishMs: null,
    rev: work.nextRev(),
  }
  work.addTask(task, standing.granted)
  for (const { taskId: dependencyId, states } of waitsFor ?? NOTHING)
    work.change({ type: 'edge.put', dependencyId, dependantId: taskId, states })
  if (failures !== null) work.followUps.push({ type: 'task.skip', taskId, failures })
}

/** Counts the members in, and holds them when the group is suspended. */
function joinGroup(work: Work, groupId: string, members: Member[]): void {
  const group = work.group(groupId) as Group
  const joined = work.sendGroup(group, { type: 'group.joined', count: members.length })
  if (joined === null || !isSuspended(joined)) return
  for (const { taskId } of members) {
    work.send(work.task(taskId) as Task, { type: 'task.suspend' })
  }
}
