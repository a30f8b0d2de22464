// Small pieces of text: ids, times, tags, and what can be copied.
import { useState } from 'preact/hooks'
import { announce } from '../announce.ts'
import { age, clockTime, duration, nowMs } from '../clock.ts'
import { Sign } from './icon.tsx'

/** An id, its middle left out: ids begin with their time, and differ at their end. */
export function ShortId({ id }: { id: string }) {
  return (
    <span class="id" title={id}>
      <span class="id-head">{id.slice(0, 8)}</span>
      <i aria-hidden="true">…</i>
      {id.slice(-8)}
    </span>
  )
}

/** The end of an id, where a narrow table has no column for it. */
export function TailId({ id }: { id: string }) {
  return (
    <span class="id faint narrow-in" aria-hidden="true">
      …{id.slice(-8)}
    </span>
  )
}

/** How long ago, counting; the exact time on hover. */
export function Ago({ ms }: { ms: number }) {
  return (
    <time dateTime={new Date(ms).toISOString()} title={clockTime(ms)}>
      {age(ms, nowMs.value)}
    </time>
  )
}

/** A time of day, and how long ago that is. */
export function Moment({ ms }: { ms: number | null }) {
  if (ms === null) return <span class="faint">–</span>
  return (
    <time dateTime={new Date(ms).toISOString()} title={new Date(ms).toISOString()}>
      {clockTime(ms)} <span class="faint">{age(ms, nowMs.value)} ago</span>
    </time>
  )
}

/** From a start to an end; or counting, in whole seconds. */
export function Lasted({ fromMs, toMs }: { fromMs: number | null; toMs: number | null }) {
  if (fromMs === null) return <span class="faint">–</span>
  return (
    <span class="number">{toMs === null ? age(fromMs, nowMs.value) : duration(toMs - fromMs)}</span>
  )
}

export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null
  return (
    <span class="tags">
      {tags.map(tag => (
        <span key={tag} class="tag" title={tag}>
          {tag}
        </span>
      ))}
    </span>
  )
}

/** Copies a text; says so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 1_500)
    } catch {
      announce('The browser does not let this page write to the clipboard.', 'bad')
    }
  }
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={copy}>
      <Sign name={copied ? 'check' : 'copy'} />
    </button>
  )
}
