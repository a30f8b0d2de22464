// Glyphs, drawn here: states have shapes of their own, and buttons their signs.
import type { Tone } from '../states.ts'

const STATE_SHAPES: Record<Tone, preact.JSX.Element> = {
  waiting: <circle cx="8" cy="8" r="5.2" class="line" />,
  suspended: (
    <>
      <circle cx="8" cy="8" r="5.2" class="line" />
      <path d="M6.4 5.8v4.4M9.6 5.8v4.4" class="line" />
    </>
  ),
  running: (
    <>
      <circle cx="8" cy="8" r="5.2" class="line" />
      <path d="M8 4.6a3.4 3.4 0 0 1 0 6.8z" class="solid" />
    </>
  ),
  cancelling: (
    <>
      <circle cx="8" cy="8" r="5.2" class="line" stroke-dasharray="2.4 2" />
      <rect x="5.9" y="5.9" width="4.2" height="4.2" rx=".6" class="solid" />
    </>
  ),
  finished: (
    <>
      <circle cx="8" cy="8" r="6" class="solid" />
      <path d="m5.4 8.2 1.8 1.8 3.5-3.8" class="cut" />
    </>
  ),
  error: (
    <>
      <path d="M8 1.9 14.6 13.4H1.4z" class="solid" stroke-linejoin="round" />
      <path d="M8 6v3.2M8 11.2v.2" class="cut" />
    </>
  ),
  canceled: (
    <>
      <rect x="2.4" y="2.4" width="11.2" height="11.2" rx="2" class="solid" />
      <path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4" class="cut" />
    </>
  ),
  skipped: <path d="m3.2 3.8 4.2 4.2-4.2 4.2M8.6 3.8 12.8 8l-4.2 4.2" class="line" />,
}

/** The shape of a state, in its colour; the word must stand beside it or be its label. */
export function StateGlyph({ tone }: { tone: Tone }) {
  return (
    <svg class={`glyph tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      {STATE_SHAPES[tone]}
    </svg>
  )
}

const SIGNS = {
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  play: <path d="M5 3.2v9.6l7.5-4.8z" />,
  stop: <path d="m4 4 8 8M12 4l-8 8" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 3.2V3A1.5 1.5 0 0 0 9 1.5H4A1.5 1.5 0 0 0 2.5 3v6A1.5 1.5 0 0 0 4 10.5h.2" />
    </>
  ),
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.4 10.4 3.4 3.4" />
    </>
  ),
  history: (
    <>
      <path d="M2.5 8a5.5 5.5 0 1 0 1.6-3.9L2.5 5.6" />
      <path d="M2.5 2.4v3.2h3.2M8 5v3.2l2.2 1.4" />
    </>
  ),
  again: (
    <>
      <path d="M13.5 8a5.5 5.5 0 1 1-1.6-3.9l1.6 1.5" />
      <path d="M13.5 2.4v3.2h-3.2" />
    </>
  ),
  lock: (
    <>
      <rect x="3.5" y="7" width="9" height="6.5" rx="1.5" />
      <path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />
    </>
  ),
  right: <path d="m6 3.5 4.5 4.5L6 12.5" />,
} as const

/** The sign of a button; the button has the words. */
export function Sign({ name }: { name: keyof typeof SIGNS }) {
  return (
    <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
      {SIGNS[name]}
    </svg>
  )
}
