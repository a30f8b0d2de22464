// Tabs that are links: each has an address. Arrows move between them.
import { useRef } from 'preact/hooks'

export interface Tab {
  name: string
  title: string
}

export function Tabs({
  label,
  tabs,
  chosen,
  hrefOf,
}: {
  label: string
  tabs: readonly Tab[]
  chosen: string
  hrefOf: (name: string) => string
}) {
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    const links = [...(list.current?.querySelectorAll('a') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLAnchorElement)
    const next = links[(at + step + links.length) % links.length]
    next?.focus()
    next?.click()
    event.preventDefault()
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
      {tabs.map(({ name, title }) => (
        <a
          key={name}
          id={`tab-${name}`}
          role="tab"
          href={hrefOf(name)}
          aria-selected={name === chosen}
          aria-controls="tab-panel"
          tabIndex={name === chosen ? 0 : -1}
        >
          {title}
        </a>
      ))}
    </div>
  )
}
