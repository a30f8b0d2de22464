// The contract of a store: what the engine writes in transactions, and what readers see of it. A store
// keeps rows and finds them; it decides nothing. One behavioural suite holds every store to this page.
import type {
  Change,
  Group,
  HistoryEvent,
  Need,
  Slice,
  Task,
  TaskState,
} from '../../machines/index.ts'
import type { Condition } from './condition.ts'
import type { Inspection } from './inspection.ts'

export interface Store {
  /** Takes the store into use: locks it against others, migrates, checks. Throws `StoreError` when it cannot. */
  open(): Promise<void>
  /** Ends its use; transactions under way are finished first. Closing twice is no error. */
  close(): Promise<void>

  /**
   * Runs `work` and commits what it applied, all or nothing, durably before the promise resolves.
   * When `work` or the commit throws, nothing of it stays and the promise rejects with that error.
   * Works run one after another, and each sees what those before it applied. In a store of some
   * `concurrency` one may begin before the last has been committed: if that fails, it fails too.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>

  /** Transactions that may be on their way to the disk at once; absent: one. */
  readonly concurrency?: number | undefined

  // What follows sees committed state only, as of one moment within the commits' order.

  task(taskId: string): Promise<Task | null>
  group(groupId: string): Promise<Group | null>
  /** Groups with an unfinished task, oldest first. */
  activeGroups(): Promise<{ groupId: string }[]>
  /** Tasks in submission order, a page at a time so that no read stays open. */
  tasks(query: TaskQuery): AsyncIterable<Task>
  /** How many tasks the query would give without its `limit` and `skip`. */
  count(query: TaskQuery): Promise<number>
  /** Tasks that satisfy a search. Throws `BadSearchError` when evaluating a pattern takes too long. */
  search(search: Search): Promise<Task[]>
  /** History of a task, a group with its tasks, or all, after an event, oldest first. */
  history(query: HistoryQuery): Promise<HistoryEvent[]>
  /** The soonest time at which a waiting task wants to be woken, in ms since the epoch. */
  nextWakeMs(): Promise<number | null>
  /** The number of the last committed change. */
  rev(): Promise<number>
  /** Running tasks after a seq, in submission order: what a restart finds interrupted. */
  running(afterSeq: number, limit: number): Promise<Task[]>
  /** Groups that have not settled, after a seq, in submission order: a fan-out may have been cut short. */
  unsettledGroups(afterSeq: number, limit: number): Promise<Group[]>
  /** Names of the calls of unfinished tasks, with their number. */
  unfinishedCalls(): Promise<{ call: string; count: number }[]>

  /** What the inspector reads; absent in a store that cannot be inspected. */
  readonly inspection?: Inspection
}

/** A transaction under way: loads see what it applied so far. What is there at once comes without a promise. */
export interface Transaction {
  load(need: Need, nowMs: number): Slice | Promise<Slice>
  /**
   * Applies changes as listed. What a task was submitted with does not change, nor does a final state;
   * an edge names a dependant that was put before, and an event a task that is there. At the end of a
   * transaction there is a reservation for each resource of an unfinished task that has its place, granted
   * when no earlier one stands in its way, and an edge for each unfinished dependency of an unfinished
   * task: a store may keep these in memory, and make them again from the tasks. A deleted task takes its tags, its history and the
   * edges by which it depends on others with it; a deleted group its history. When it throws, the
   * transaction cannot be committed any more.
   */
  apply(changes: readonly Change[]): void | Promise<void>
}

export interface TaskQuery {
  groupId?: string
  /** Any of these ids. */
  taskIds?: string[]
  /** Any of these states; `unfinished` stands for waiting, suspended and running. */
  states?: TaskState[] | 'unfinished'
  /** All of these tags. */
  tags?: string[]
  /** Rows at most; all when absent. */
  limit?: number
  /** Rows passed over first. */
  skip?: number
}

export interface Search {
  where: Condition | null
  sort: { field: string; direction: 'ascending' | 'descending' }[]
  limit: number | null
  skip: number
}

export interface HistoryQuery {
  taskId?: string
  groupId?: string
  afterEventId: number
  limit: number
}
