import { createInterface } from 'node:readline'
import { ALONE_MS } from '../kube/session/session-lines.ts'

/** Whoever started it may be gone before it said a word. */
const FIRST_WORD_MS = 120_000

/** `mtlscope hold`: does nothing until its standard input ends, or says nothing for too long. Resolves with the exit code. */
export async function runHold(): Promise<number> {
  const lines = createInterface({ input: process.stdin })
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_WORD_MS)
    lines.on('line', () => {
      clearTimeout(timer)
      timer = setTimeout(resolve, ALONE_MS)
    })
    lines.once('close', resolve)
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve())
  })
  clearTimeout(timer)
  lines.close()
  process.stdin.destroy()
  return 0
}
