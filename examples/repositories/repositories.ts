// The repositories and their versions: one SQLite file in the data folder. What
// a version lists lies in the content store; when to change either is for the
// calls to say.

import { DatabaseSync } from 'node:sqlite'
import { badField, noSuchRepository, repositoryExists } from './errors.ts'
import { parseFeedUrl } from './feed.ts'
import type { FeedFile } from './manifest.ts'

/** A repository as REST shows it. */
export interface Repository {
  id: string
  display_name: string
  description: string | null
  notes: Record<string, unknown>
  /** The URL of the folder that a sync reads. */
  feed: string | null
  _href: string
}

/** What a client may set. In an update, `notes` merges key by key and a `null` removes a key. */
export interface RepositoryFields {
  display_name?: string | null
  description?: string | null
  notes?: Record<string, unknown> | null
  feed?: string | null
}

/** The files that a repository held after one of its syncs; number 0 is the empty version before the first. */
export interface Version {
  number: number
  /** Sorted by name. */
  files: FeedFile[]
}

// Exclusive: a second process would take this one's unfinished files for leftovers.
const schema = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS repositories (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    created_by TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS versions (
    repository_id TEXT PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    files TEXT NOT NULL
  ) STRICT;
`

// These would hide the collection's own paths.
const reservedIds = ['.', '..', 'actions', 'search']

/** The repositories of one data folder. Every method is one transaction. */
export class Repositories {
  readonly #database: DatabaseSync
  readonly #root: string

  /**
   * @param path The SQLite file; made when it does not exist.
   * @param root The path of the collection, `/pulp/api/v2/repositories/`.
   * @throws When another process has it open.
   */
  constructor(path: string, root: string) {
    this.#database = new DatabaseSync(path)
    this.#root = root
    try {
      this.#database.exec(schema)
    } catch (error) {
      this.#database.close()
      throw new Error(`${path} cannot be opened; does another process serve this folder?`, {
        cause: error,
      })
    }
  }

  close(): void {
    this.#database.close()
  }

  /** Every repository, sorted by id. */
  list(): Repository[] {
    const rows = this.#database.prepare('SELECT id, document FROM repositories ORDER BY id').all()
    return rows.map(row => this.#repository(String(row.id), String(row.document)))
  }

  /** @throws {CallError} REP0001 */
  one(id: string): Repository {
    const row = this.#database.prepare('SELECT document FROM repositories WHERE id = ?').get(id)
    if (row === undefined) throw noSuchRepository(id)
    return this.#repository(id, String(row.document))
  }

  has(id: string): boolean {
    return this.#database.prepare('SELECT 1 FROM repositories WHERE id = ?').get(id) !== undefined
  }

  /**
   * @param createdBy The task that asks. One that crashed after this and runs again finds its own
   *   repository instead of a conflict with itself.
   * @throws {CallError} REP0002 when another task made it, REP0003 for a bad id or feed.
   */
  create(id: string, fields: RepositoryFields, createdBy: string): Repository {
    checkId(id)
    const empty = { display_name: id, description: null, notes: {}, feed: null }
    const { changes } = this.#database
      .prepare(
        'INSERT INTO repositories (id, document, created_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run(id, JSON.stringify(merged(id, empty, fields)), createdBy)
    if (changes === 0 && this.#creator(id) !== createdBy) throw repositoryExists(id)
    return this.one(id)
  }

  /** @throws {CallError} REP0001, or REP0003 for a bad feed. */
  update(id: string, delta: RepositoryFields): Repository {
    const { id: _id, _href, ...fields } = this.one(id)
    this.#database
      .prepare('UPDATE repositories SET document = ? WHERE id = ?')
      .run(JSON.stringify(merged(id, fields, delta)), id)
    return this.one(id)
  }

  /** Removes a repository with its version. @returns Whether there was one. */
  delete(id: string): boolean {
    return this.#database.prepare('DELETE FROM repositories WHERE id = ?').run(id).changes > 0
  }

  /** What the last sync left. @throws {CallError} REP0001 */
  version(id: string): Version {
    const row = this.#database
      .prepare('SELECT number, files FROM versions WHERE repository_id = ?')
      .get(id)
    if (row !== undefined)
      return { number: Number(row.number), files: JSON.parse(String(row.files)) }
    this.one(id)
    return { number: 0, files: [] }
  }

  /** Swaps the version for the next one, in one statement: a reader sees the old or this, never a mix. */
  replaceVersion(id: string, files: readonly FeedFile[]): void {
    this.#database
      .prepare(
        `INSERT INTO versions (repository_id, number, files) VALUES (?, 1, ?)
         ON CONFLICT DO UPDATE SET number = number + 1, files = excluded.files`,
      )
      .run(id, JSON.stringify(files))
  }

  #creator(id: string): unknown {
    return this.#database.prepare('SELECT created_by FROM repositories WHERE id = ?').get(id)
      ?.created_by
  }

  #repository(id: string, document: string): Repository {
    return { id, ...JSON.parse(document), _href: `${this.#root}${id}/` }
  }
}

/** @throws {CallError} REP0003 when a repository cannot have this id. */
export function checkId(id: string): void {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(id))
    throw badField('id', '1 to 200 letters, digits, dots, hyphens and underscores')
  if (reservedIds.includes(id)) throw badField('id', `${id} is reserved`)
}

type Fields = Omit<Repository, 'id' | '_href'>

function merged(id: string, fields: Fields, delta: RepositoryFields): Fields {
  if (typeof delta.feed === 'string') parseFeedUrl(delta.feed)
  const notes = delta.notes === null ? {} : { ...fields.notes, ...delta.notes }
  return {
    display_name:
      delta.display_name === undefined ? fields.display_name : (delta.display_name ?? id),
    description: delta.description === undefined ? fields.description : delta.description,
    notes: Object.fromEntries(Object.entries(notes).filter(([, value]) => value !== null)),
    feed: delta.feed === undefined ? fields.feed : delta.feed,
  }
}
