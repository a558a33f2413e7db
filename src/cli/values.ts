import { InvalidArgumentError } from 'commander'

const DURATION_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 }
const SIZE_BYTES: Record<string, number> = { '': 1, b: 1, k: 1024, kib: 1024, m: 1024 ** 2, mib: 1024 ** 2, g: 1024 ** 3, gib: 1024 ** 3 }

/** `30s`, `500ms`, `5m`, `1h`, `1.5s`; a bare number is seconds. Milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text)
  const value = match === null ? NaN : Number(match[1]) * DURATION_MS[match[2]!]!
  // A timer longer than 2^31 ms would fire at once.
  if (!(value > 0 && value < 2 ** 31)) throw new InvalidArgumentError('a duration like 30s, 500ms or 5m (up to 596h).')
  return value
}

/** `64K`, `1MiB`, `0`. Bytes. */
export function sizeBytes(text: string): number {
  const match = /^(\d+)([a-z]*)$/i.exec(text)
  const unit = match === null ? undefined : SIZE_BYTES[match[2]!.toLowerCase()]
  const value = match === null || unit === undefined ? NaN : Number(match[1]) * unit
  if (!(value >= 0 && value <= 1024 ** 3)) throw new InvalidArgumentError('a size like 0, 4096, 64K or 1M (up to 1G).')
  return value
}

/** A whole number from 1. */
export function count(text: string): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN
  if (!(value >= 1)) throw new InvalidArgumentError('a whole number from 1.')
  return value
}

/** More capture threads than this only cost memory: each has rings of its own. */
const MAX_WORKERS = 64

export function workers(text: string): number {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : NaN
  if (!(value >= 1 && value <= MAX_WORKERS)) throw new InvalidArgumentError(`a whole number from 1 to ${MAX_WORKERS}.`)
  return value
}

/** Collects a repeatable option whose values may have commas. */
export function paths(path: string, before: string[] = []): string[] {
  return [...before, path]
}

/** Collects a repeatable option; a comma separates as well. */
export function list(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').map((s) => s.trim()).filter((s) => s !== '')]
}
