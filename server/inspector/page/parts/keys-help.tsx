// The keys of the page, as a dialog.
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

const isShown = signal(false)

export function showKeys(): void {
  isShown.value = true
}

const KEYS: readonly [keys: string, what: string][] = [
  ['/', 'search'],
  ['g g', 'groups'],
  ['g t', 'tasks'],
  ['g r', 'resources'],
  ['g s', 'system'],
  ['↑ ↓', 'move through a table, also j and k'],
  ['Enter', 'open the row'],
  ['Space', 'choose the row; with Shift, all up to it'],
  ['Ctrl A', 'choose all rows that match'],
  ['c', 'cancel the row'],
  ['s', 'suspend or resume the row'],
  ['Esc', 'empty the search, choose nothing, close a dialog'],
]

export function KeysHelp() {
  return isShown.value ? <Keys /> : null
}

function Keys() {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => element.current?.showModal(), [])
  const close = () => {
    isShown.value = false
  }
  return (
    <dialog ref={element} aria-labelledby="keys-title" onClose={close}>
      <div class="dialog">
        <h2 id="keys-title">Keys</h2>
        <dl class="pairs keys">
          {KEYS.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                {keys.split(' ').map(key => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={close}>
            Close
          </button>
        </div>
      </div>
    </dialog>
  )
}
