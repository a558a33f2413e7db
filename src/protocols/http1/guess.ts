import type { Half } from './half.ts'

/** Positions within a start line that was cut off: what there is of the method, the target, the status. */
export function guessStartLine(half: Half): void {
  const line = half.head.split('\n', 1)[0]!.trimEnd()
  const first = line.indexOf(' ')
  half.wordEnd = first < 0 ? line.length : first
  half.textAt = first < 0 ? line.length : first + 1
  const second = line.indexOf(' ', half.textAt)
  half.textEnd = second < 0 ? line.length : second
  half.headersAt = half.head.length
  if (half.isRequest) return
  const status = /^HTTP\/1\.(\d) (\d{3})/.exec(line)
  half.minor = Number(status?.[1] ?? 1)
  half.status = Number(status?.[2] ?? 0)
  if (status !== null) {
    half.wordEnd = status[0].length
    half.textAt = Math.min(status[0].length + 1, line.length)
  }
  half.textEnd = line.length
}
