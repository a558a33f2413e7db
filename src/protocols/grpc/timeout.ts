const NANOS_PER: Readonly<Record<string, number>> = { H: 3_600_000_000_000, M: 60_000_000_000, S: 1_000_000_000, m: 1_000_000, u: 1000, n: 1 }

/** Microseconds of `grpc-timeout` (at most eight digits and a unit), rounded up; as text where no number holds them. Undefined where it is none. */
export function parseTimeoutMicros(text: string): number | string | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(text)
  if (match === null) return undefined
  const count = Number(match[1])
  const nanos = NANOS_PER[match[2]!]!
  const micros = nanos >= 1000 ? count * (nanos / 1000) : Math.ceil(count / 1000)
  return Number.isSafeInteger(micros) ? micros : (BigInt(count) * BigInt(nanos / 1000)).toString()
}
