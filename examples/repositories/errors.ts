// What can go wrong in the mirror, each with its code and HTTP status. The
// codes are listed in this folder's README.

import { CallError } from '../../server/index.ts'

/** There is no repository under this id: 404. */
export function noSuchRepository(...ids: string[]): CallError {
  return new CallError('REP0001', `no such repository: ${ids.join(', ')}`, {
    status: 404,
    data: { ids },
  })
}

/** The id is taken: 409. */
export function repositoryExists(id: string): CallError {
  return new CallError('REP0002', `repository ${id} exists already`, { status: 409, data: { id } })
}

/** A field of a request holds something that the mirror cannot use: 400. */
export function badField(field: string, reason: string): CallError {
  return new CallError('REP0003', `${field}: ${reason}`, { status: 400, data: { field, reason } })
}

/** A feed's manifest or one of its files is not as it should be: the error of a sync. */
export function badFeed(file: string, reason: string): CallError {
  return new CallError('REP0004', `${file}: ${reason}`, { data: { file, reason } })
}

/** A sync was asked for, and the repository names no feed. */
export function noFeed(id: string): CallError {
  return new CallError('REP0005', `repository ${id} has no feed`, { data: { id } })
}

/** Nothing is published under this path: 404. */
export function notPublished(path: string): CallError {
  return new CallError('REP0006', `not published: ${path}`, { status: 404, data: { path } })
}
