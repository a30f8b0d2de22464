// The lists that `?details=`, `?importers=` and `?distributors=` add to a
// repository. They are empty: a repository here has its feed and its published
// folder, and nothing that is configured apart from it.

import type { DetailsQuery } from './schemas.ts'

/** The repository, with the lists that a query asked for. */
export function withDetails<T extends object>(repository: T, query: DetailsQuery): T {
  const all = isTrue(query.details)
  return {
    ...repository,
    ...((all || isTrue(query.importers)) && { importers: [] }),
    ...((all || isTrue(query.distributors)) && { distributors: [] }),
  }
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['true', 'True', '1'].includes(text)
}
