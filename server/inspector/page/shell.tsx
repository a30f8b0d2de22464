// What stands around every view: navigation, the state of the connection, notices, dialogs, keys.
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { dismiss, notices } from './announce.ts'
import { clockTime } from './clock.ts'
import { connection } from './live/connection.ts'
import { DialogHost } from './parts/dialog.tsx'
import { Sign } from './parts/icon.tsx'
import { KeysHelp, showKeys } from './parts/keys-help.tsx'
import { hrefs, navigate, type Route, route } from './router.ts'

const PLACES: readonly { href: string; title: string; views: readonly Route['view'][] }[] = [
  { href: hrefs.groups, title: 'Groups', views: ['groups', 'group'] },
  { href: hrefs.tasks, title: 'Tasks', views: ['tasks', 'task'] },
  { href: hrefs.resources, title: 'Resources', views: ['resources'] },
  { href: hrefs.system, title: 'System', views: ['system'] },
]

export function Shell({ children }: { children: ComponentChildren }) {
  const { view } = route.value
  useKeys()
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={hrefs.groups}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2 4h12M2 8h8M2 12h4" />
          </svg>
          Rollcall
        </a>
        <nav aria-label="Main">
          {PLACES.map(({ href, title, views }) => (
            <a key={href} href={href} aria-current={views.includes(view) ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span class="spring" />
        <ConnectionState />
        <button
          type="button"
          class="icon-button keys-button"
          aria-label="Keys"
          title="Keys (?)"
          onClick={showKeys}
        >
          ?
        </button>
      </header>
      <Lost />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Notices />
      <DialogHost />
      <KeysHelp />
    </>
  )
}

const WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Not live',
  paused: 'Paused',
}

function ConnectionState() {
  const { state } = connection.value
  return (
    <span class={`connection is-${state}`} title={`Connection to the server: ${WORDS[state]}`}>
      <i aria-hidden="true" />
      <span>{WORDS[state]}</span>
    </span>
  )
}

/** Said once when the connection goes, and once when it is back; it covers, and moves nothing. */
function Lost() {
  const now = connection.value
  const isLost = now.state === 'lost'
  return (
    <p class="lost" role="status" data-none={isLost ? undefined : ''}>
      {isLost &&
        `The server does not answer. What is shown is of ${clockTime(now.sinceMs)}; the page goes on by itself when it is back.`}
    </p>
  )
}

function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, tone }) => (
        <p key={id} class={`notice is-${tone}`}>
          <span>{text}</span>
          <button
            type="button"
            class="icon-button"
            aria-label="Dismiss"
            onClick={() => dismiss(id)}
          >
            <Sign name="stop" />
          </button>
        </p>
      ))}
    </div>
  )
}

/** Keys that work everywhere, except while one types. */
function useKeys(): void {
  useEffect(() => {
    let isGoing = false
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as Element
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (target.closest('input, textarea, select, [contenteditable], dialog[open]') !== null)
        return
      if (isGoing) {
        isGoing = false
        const to = { g: hrefs.groups, t: hrefs.tasks, r: hrefs.resources, s: hrefs.system }[
          event.key
        ]
        if (to !== undefined) {
          event.preventDefault()
          navigate(to)
        }
        return
      }
      if (event.key === 'g') isGoing = true
      else if (event.key === '?') showKeys()
      else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]')
        if (search === null) return
        event.preventDefault()
        search.focus()
        search.select()
      }
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
}
