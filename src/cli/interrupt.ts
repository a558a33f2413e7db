const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP), which asks for an orderly end; a second one ends at once. */
export function interruptSignal(): AbortSignal & { dispose(): void } {
  const controller = new AbortController()
  const handlers = SIGNALS.map((name, index) => {
    const handler = (): void => {
      if (controller.signal.aborted) process.exit(128 + [2, 15, 1][index]!)
      controller.abort(name)
    }
    process.on(name, handler)
    return { name, handler }
  })
  return Object.assign(controller.signal, {
    dispose: () => { for (const { name, handler } of handlers) process.off(name, handler) },
  })
}
