// What `rollcall watch` is told.
import { type Setting, Unusable, unusable } from '../setting.ts'

/** What `rollcall watch` was asked for. */
export type WatchConfig = Readonly<{
  groupId: string
  /** Where the server is, without a slash at its end. */
  url: string
  /** Where its REST interface begins: a slash at its beginning and none at its end, or nothing. */
  mount: string
  /** Whether to print how things are and end. */
  once: boolean
}>

export const WATCH_OPTIONS = {
  url: { value: 'URL', help: 'where the server is (default http://127.0.0.1:8000)' },
  mount: { value: 'PATH', help: 'where its REST interface begins (default /pulp/api)' },
} as const

/** Options of `watch` that take no value. */
export const WATCH_FLAGS = {
  once: { help: 'print how the group is and end' },
} as const

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Reads the options of `watch`.
 *
 * @param operands What stands behind the command without an option: the id of a group.
 * @throws {Unusable} The group is no id, or the URL none of a web server.
 */
export function readWatchOptions(
  setting: (name: keyof typeof WATCH_OPTIONS) => Setting | undefined,
  operands: readonly string[],
  once: boolean,
): WatchConfig {
  const [group = ''] = operands
  if (!UUID.test(group)) {
    throw new Unusable(`"${group}" is no group: the id of a group is a UUID`)
  }
  const mount = (setting('mount')?.value ?? '/pulp/api').split('/').filter(step => step !== '')
  return Object.freeze({
    groupId: group.toLowerCase(),
    url: readUrl(setting('url')),
    mount: mount.map(step => `/${step}`).join(''),
    once,
  })
}

function readUrl(setting: Setting | undefined): string {
  if (setting === undefined) return 'http://127.0.0.1:8000'
  const url = URL.parse(setting.value)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw unusable(setting, 'the URL of a server looks like http://127.0.0.1:8000')
  }
  return url.href.replace(/\/+$/, '')
}
