import { uint32 } from './plausible.ts'

/** RFC 9113 §6.5.2, RFC 8441, by number; other numbers are ignored, as they must be. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'headerTableSize'], [2, 'enablePush'], [3, 'maxConcurrentStreams'], [4, 'initialWindowSize'], [5, 'maxFrameSize'], [6, 'maxHeaderListSize'],
  [8, 'enableConnectProtocol'],
])
export const MAX_WINDOW = 2 ** 31 - 1
const MIN_FRAME_SIZE = 2 ** 14
const MAX_FRAME_SIZE = 2 ** 24 - 1

/** What one side announced, by name: sizes in bytes. */
export type SettingsView = Record<string, number>

/** Adds what a SETTINGS frame says to `view`. Returns what no peer may say, or an empty text. */
export function takeSettings(buf: Uint8Array, from: number, to: number, view: SettingsView): string {
  let problem = ''
  for (let at = from; at + 6 <= to; at += 6) {
    const id = buf[at]! << 8 | buf[at + 1]!
    const value = uint32(buf, at + 2)
    const name = NAMES.get(id)
    if (name === undefined) continue
    if (isNonsense(id, value)) problem = `setting ${name} of ${value}`
    else view[name] = value
  }
  return problem
}

function isNonsense(id: number, value: number): boolean {
  if (id === 2 || id === 8) return value > 1
  if (id === 4) return value > MAX_WINDOW
  return id === 5 && (value < MIN_FRAME_SIZE || value > MAX_FRAME_SIZE)
}
