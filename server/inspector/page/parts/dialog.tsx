// One dialog at a time, asked for from anywhere: says what will happen, and does it when confirmed.
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

export interface Question {
  title: string
  text: ComponentChildren
  /** Words of the button that does it. */
  confirm: string
  /** Words of the button that does not. */
  refuse: string
  danger?: boolean
  /** Does it; `progress` shows a sentence meanwhile. What it throws is shown, and the dialog stays. */
  run: (progress: (text: string) => void, signal: AbortSignal) => Promise<void>
}

const question = signal<Question | null>(null)

/** Opens the dialog. */
export function ask(asked: Question): void {
  question.value = asked
}

export function DialogHost() {
  const asked = question.value
  return asked === null ? null : <Dialog key={asked.title} asked={asked} />
}

function Dialog({ asked }: { asked: Question }) {
  const element = useRef<HTMLDialogElement>(null)
  const running = useRef<AbortController | null>(null)
  const [progress, setProgress] = useState<string | null>(null)
  const [error, setError] = useState<string | null>(null)

  useEffect(() => {
    const before = document.activeElement
    element.current?.showModal()
    return () => {
      running.current?.abort()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])

  const close = () => {
    question.value = null
  }
  const confirm = async () => {
    if (running.current !== null) return
    running.current = new AbortController()
    setError(null)
    setProgress('Sending…')
    try {
      await asked.run(setProgress, running.current.signal)
      close()
    } catch (thrown) {
      if (running.current?.signal.aborted) return
      setError(thrown instanceof Error ? thrown.message : String(thrown))
      setProgress(null)
    } finally {
      running.current = null
    }
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it closes it, and Esc does so already
    <dialog
      ref={element}
      aria-labelledby="dialog-title"
      aria-describedby="dialog-text"
      onClose={close}
      onClick={event => event.target === element.current && close()}
    >
      <div class="dialog">
        <h2 id="dialog-title">{asked.title}</h2>
        <div id="dialog-text" class="dialog-text">
          {asked.text}
        </div>
        <p class="dialog-progress" role="status">
          {progress}
        </p>
        {error !== null && (
          <p class="dialog-error" role="alert">
            {error}
          </p>
        )}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={close} autofocus>
            {asked.refuse}
          </button>
          <button
            type="button"
            class={asked.danger ? 'button danger' : 'button primary'}
            disabled={progress !== null}
            onClick={confirm}
          >
            {asked.confirm}
          </button>
        </div>
      </div>
    </dialog>
  )
}
