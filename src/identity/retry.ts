const FIRST_MS = 1000
const LONGEST_MS = 60_000

/** How long to wait after so many failures in a row: doubled each time, up to a minute, with a fifth of chance in it so that many do not come together. */
export function retryAfterMs(failures: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16))
  return full * (0.8 + Math.random() * 0.2)
}
