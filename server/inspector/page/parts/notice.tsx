// What stands where content would be: nothing there yet, being read, or could not be read.
import type { ComponentChildren } from 'preact'
import { AnswerError } from '../http.ts'
import { StateGlyph } from './icon.tsx'

/** Nothing to show, and what one may do about it. `isView`: there is nothing else in the view. */
export function Empty({
  title,
  isView = false,
  children,
}: {
  title: string
  isView?: boolean
  children?: ComponentChildren
}) {
  const Title = isView ? 'h1' : 'p'
  return (
    <div class="empty">
      <Title class="empty-title">{title}</Title>
      {children && <div class="empty-text">{children}</div>}
    </div>
  )
}

/** What could not be read, why, and the way to try again. */
export function Failed({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { status, code } = error instanceof AnswerError ? error : { status: 0, code: null }
  return (
    <div class="empty" role="alert">
      <p class="empty-title">
        <StateGlyph tone="error" /> {status === 0 ? 'Cannot reach the server' : 'Could not be read'}
      </p>
      <p class="empty-text">
        {error.message} {code !== null && <code>{code}</code>}
      </p>
      <button type="button" class="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}

/** Shown while the first answer is on its way; it appears late, so that fast answers show no flash. */
export function Loading({ what }: { what: string }) {
  return (
    <div class="loading" role="status">
      Reading {what}…
    </div>
  )
}
