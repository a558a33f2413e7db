import { useEffect, useRef, useState } from 'react'
import { ApiFailure } from './api.ts'

/** What is known of something asked for. While another is asked for (`isLoading`), `value` is still the one before. */
export interface Answer<T> {
  readonly value: T | undefined
  readonly failure: ApiFailure | undefined
  readonly isLoading: boolean
}

/** What may change is asked for again this often. */
const REFRESH_MS = 4000
/** What the hub is still searching for. */
const SEARCH_MS = 500

/**
 * Asks whenever `key` changes (undefined: do not ask), and again every few seconds while `isLive` and the page is in sight.
 * A late answer to an earlier key is dropped.
 */
export function useAnswer<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>, isLive = false): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { key: string | undefined }>({ key: undefined, value: undefined, failure: undefined, isLoading: true })
  const loader = useRef(load)
  loader.current = load
  useEffect(() => {
    if (key === undefined) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = (delayMs: number): void => {
      timer = setTimeout(() => (document.visibilityState === 'visible' ? run() : again(REFRESH_MS)), delayMs)
    }
    const run = (): void => {
      loader.current(stop.signal).then((value) => {
        if (stop.signal.aborted) return
        setAnswer({ key, value, failure: undefined, isLoading: false })
        if (isSearching(value)) again(SEARCH_MS)
        else if (isLive) again(REFRESH_MS)
      }).catch((error: unknown) => {
        if (stop.signal.aborted) return
        setAnswer((old) => ({ key, value: old.value, failure: failureOf(error), isLoading: false }))
        again(REFRESH_MS)
      })
    }
    setAnswer((old) => ({ ...old, isLoading: true }))
    run()
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [key, isLive])
  return answer.key === key ? answer : { value: answer.value, failure: undefined, isLoading: true }
}

function isSearching(value: unknown): boolean {
  return (value as { readonly searching?: unknown } | undefined)?.searching !== undefined
}

export function failureOf(error: unknown): ApiFailure {
  return error instanceof ApiFailure ? error : new ApiFailure({ code: 'bug', message: error instanceof Error ? error.message : String(error) })
}
