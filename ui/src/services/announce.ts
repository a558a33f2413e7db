import type { Cell } from './cell.ts'
import { createCell } from './cell.ts'

/** One short sentence on what just happened, for eyes and screen readers; empty when it is over. */
export const announcement: Cell<string> = createCell('')

const SHOWN_MS = 3500
let timer: ReturnType<typeof setTimeout> | undefined

export function say(text: string): void {
  clearTimeout(timer)
  announcement.set(text)
  timer = setTimeout(() => announcement.set(''), SHOWN_MS)
}
