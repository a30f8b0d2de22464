// Where the page is: the address bar, as signals. Views read it, links and filters change it.
import { computed, signal } from '@preact/signals'
import { BASE } from './http.ts'

const href = signal(location.pathname + location.search)

export type Route =
  | { view: 'groups' }
  | { view: 'group'; id: string }
  | { view: 'tasks' }
  | { view: 'task'; id: string }
  | { view: 'resources' }
  | { view: 'system' }
  | { view: 'nowhere' }

/** The view that the address names. */
export const route = computed<Route>(() => routeOf(href.value.split('?', 1)[0] as string))

/** The query of the address. */
export const query = computed(() => new URLSearchParams(href.value.split('?')[1] ?? ''))

function routeOf(path: string): Route {
  const [first, second, ...rest] = path.slice(BASE.length).split('/').filter(Boolean)
  const id = second === undefined ? null : decodeURIComponent(second).toLowerCase()
  if (rest.length > 0) return { view: 'nowhere' }
  switch (first) {
    case undefined:
      return { view: 'groups' }
    case 'groups':
      return id === null ? { view: 'groups' } : { view: 'group', id }
    case 'tasks':
      return id === null ? { view: 'tasks' } : { view: 'task', id }
    case 'resources':
      return id === null ? { view: 'resources' } : { view: 'nowhere' }
    case 'system':
      return id === null ? { view: 'system' } : { view: 'nowhere' }
    default:
      return { view: 'nowhere' }
  }
}

export const hrefs = {
  groups: `${BASE}/`,
  tasks: `${BASE}/tasks/`,
  resources: `${BASE}/resources/`,
  system: `${BASE}/system/`,
  group: (id: string) => `${BASE}/groups/${id}/`,
  task: (id: string) => `${BASE}/tasks/${id}/`,
  resource: (type: string, id: string) =>
    `${BASE}/resources/?type=${encodeURIComponent(type)}&id=${encodeURIComponent(id)}`,
}

/** Goes to a page of ours; `replace` keeps the Back button where it was. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === href.value) return
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  const samePage = to.split('?', 1)[0] === href.value.split('?', 1)[0]
  href.value = to
  if (!samePage) document.querySelector('main')?.scrollTo(0, 0)
}

/** Changes parts of the query, and leaves the rest: null takes one out. */
export function setQuery(
  changes: Record<string, string | readonly string[] | null>,
  { replace = true } = {},
): void {
  const params = new URLSearchParams(query.value)
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name)
    for (const each of [value].flat()) if (each !== null && each !== '') params.append(name, each)
  }
  const text = params.toString()
  navigate(`${href.value.split('?', 1)[0]}${text === '' ? '' : `?${text}`}`, { replace })
}

/** Follows the Back button, and makes links inside the page cost no request. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    href.value = location.pathname + location.search
  })
  document.addEventListener('click', event => {
    const link = (event.target as Element).closest?.('a')
    if (link === null || link === undefined || event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    if (link.hash !== '' || link.target !== '' || link.origin !== location.origin) return
    if (!link.pathname.startsWith(`${BASE}/`)) return
    event.preventDefault()
    navigate(link.pathname + link.search)
  })
}
