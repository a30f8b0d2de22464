// A part of the page whose code is fetched when it is first shown.
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Failed, Loading } from './notice.tsx'

/**
 * A component that stands for one to be loaded.
 *
 * @param what What is being read meanwhile, in words.
 */
export function later<P extends object>(
  what: string,
  load: () => Promise<ComponentType<P>>,
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null
  return function Later(props: P) {
    const [, setLoaded] = useState(loaded !== null)
    const [error, setError] = useState<Error | null>(null)
    const [tries, setTries] = useState(0)
    useEffect(() => {
      let isHere = true
      if (loaded !== null) return
      load().then(
        component => {
          loaded = component
          if (isHere) setLoaded(true)
        },
        thrown => isHere && setError(thrown as Error),
      )
      return () => {
        isHere = false
      }
    }, [tries])
    const Component = loaded
    if (Component !== null) return <Component {...props} />
    if (error === null) return <Loading what={what} />
    return (
      <Failed
        error={error}
        onRetry={() => {
          setError(null)
          setTries(tries + 1)
        }}
      />
    )
  }
}
