// Who follows what: the channels that have a reader, and what each of them gets of a commit.
import type { Task } from '../../machines/index.ts'
import type { Commit } from '../decisions.ts'
import { Channel, type ReadEvents } from './channel.ts'
import type { Topic } from './item.ts'

export interface ChannelsParts {
  /** Reads events of a topic from the store, oldest first. */
  read: (topic: Topic, ...range: Parameters<ReadEvents>) => ReturnType<ReadEvents>
  /** Events of everything that are kept in memory; of one task or group a part of that. */
  recentLimit: number
}

export class Channels {
  readonly #parts: ChannelsParts
  readonly #byTask = new Map<string, Channel>()
  readonly #byGroup = new Map<string, Channel>()
  #ofAll: Channel | null = null
  #readers = 0

  constructor(parts: ChannelsParts) {
    this.#parts = parts
  }

  get readers(): number {
    return this.#readers
  }

  /** The channel of a topic, which lasts until its last reader has left. */
  join(topic: Topic): Channel {
    const { taskId, groupId } = topic
    let channel: Channel
    if (taskId !== undefined) {
      channel = this.#byTask.get(taskId) ?? this.#channel(topic)
      this.#byTask.set(taskId, channel)
    } else if (groupId !== undefined) {
      channel = this.#byGroup.get(groupId) ?? this.#channel(topic)
      this.#byGroup.set(groupId, channel)
    } else {
      this.#ofAll ??= this.#channel(topic)
      channel = this.#ofAll
    }
    channel.readers += 1
    this.#readers += 1
    return channel
  }

  leave(channel: Channel): void {
    this.#readers -= 1
    channel.readers -= 1
    if (channel.readers > 0) return
    const { taskId, groupId } = channel.topic
    if (taskId !== undefined) this.#byTask.delete(taskId)
    else if (groupId !== undefined) this.#byGroup.delete(groupId)
    else this.#ofAll = null
  }

  /** Lets all that wait look again. */
  wake(): void {
    this.#ofAll?.wake()
    for (const channel of this.#byGroup.values()) channel.wake()
    for (const channel of this.#byTask.values()) channel.wake()
  }

  /** Hands a commit's events and changes to those whom they concern. */
  take(commit: Commit): void {
    if (this.#readers === 0) return
    const touched = new Set<Channel>()
    for (const event of commit.events) {
      for (const channel of this.#about(event.taskId, event.groupId)) {
        channel.addEvent(event)
        touched.add(channel)
      }
    }
    for (const [taskId, task] of commit.tasks) this.#takeTask(taskId, task, touched)
    for (const [groupId, group] of commit.groups) {
      for (const channel of this.#about(null, groupId)) {
        if (group !== null) channel.addGroup(group)
        else channel.hasEnded = channel.topic.groupId === groupId
        touched.add(channel)
      }
    }
    const before = (commit.events[0]?.eventId ?? commit.rev + 1) - 1
    for (const channel of touched) channel.publish(before)
  }

  #takeTask(taskId: string, task: Task | null, touched: Set<Channel>): void {
    // Of what leaves no event, progress is what a reader can see.
    const hasProgress = task?.value.startsWith('running') && !isEmpty(task.progress)
    for (const channel of this.#about(taskId, task?.groupId ?? null)) {
      if (task === null) channel.hasEnded = channel.topic.taskId === taskId
      if (task !== null && hasProgress) channel.addTask(task)
      else channel.dropTask(taskId)
      if (task === null || hasProgress) touched.add(channel)
    }
  }

  /** The channels of everything, of the group and of the task, as far as somebody reads them. */
  #about(taskId: string | null, groupId: string | null): Channel[] {
    const found: Channel[] = []
    if (this.#ofAll !== null) found.push(this.#ofAll)
    const ofGroup = groupId === null ? undefined : this.#byGroup.get(groupId)
    if (ofGroup !== undefined) found.push(ofGroup)
    const ofTask = taskId === null ? undefined : this.#byTask.get(taskId)
    if (ofTask !== undefined) found.push(ofTask)
    return found
  }

  #channel(topic: Topic): Channel {
    const isOfAll = topic.taskId === undefined && topic.groupId === undefined
    const { read, recentLimit } = this.#parts
    return new Channel(
      topic,
      (afterEventId, limit) => read(topic, afterEventId, limit),
      isOfAll ? recentLimit : Math.ceil(recentLimit / 4),
    )
  }
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}
