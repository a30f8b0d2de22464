// A search field: `/` brings the cursor to it, Esc empties it, and what is typed is looked for when
// the typing rests.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Sign } from './icon.tsx'

/** How long typing must rest, in ms. */
const REST_MS = 200

export function SearchBox({
  label,
  value,
  onSearch,
}: {
  label: string
  value: string
  onSearch: (text: string) => void
}) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const known = useRef(value)
  // Back and Forward change the address, and with it the field; its own search changes it no more.
  useEffect(() => {
    if (value === known.current) return
    known.current = value
    setText(value)
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])

  const search = (typed: string) => {
    known.current = typed.trim()
    onSearch(known.current)
  }
  const type = (typed: string) => {
    setText(typed)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => search(typed), REST_MS)
  }
  return (
    <label class="search">
      <Sign name="search" />
      <span class="unseen">{label}</span>
      <input
        type="search"
        data-search=""
        placeholder={label}
        value={text}
        spellcheck={false}
        autocomplete="off"
        onInput={event => type(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key !== 'Escape') return
          event.preventDefault()
          if (text === '') event.currentTarget.blur()
          else {
            clearTimeout(timer.current)
            setText('')
            search('')
          }
        }}
      />
      <span class="key" aria-hidden="true">
        /
      </span>
    </label>
  )
}
