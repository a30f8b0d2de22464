// What scrolls in its own box.
import type { ComponentChildren } from 'preact'

interface Props {
  label: string
  children: ComponentChildren
}

export function Scrolled({ label, children }: Props) {
  return (
    <ScrollBox class="code" label={label}>
      <pre>{children}</pre>
    </ScrollBox>
  )
}

/** What is wider than a phone, and scrolls sideways in its own box. */
export function ScrollBox({ label, class: className, children }: Props & { class: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: no <fieldset>: nothing is filled in
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class={className} role="group" tabIndex={0} aria-label={label}>
      {children}
    </div>
  )
}
