import { readFileSync } from 'node:fs'

/** The rights that some part of the program asks the kernel for, with their bit (capabilities(7)). */
const BITS = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
} as const

export type Capability = keyof typeof BITS

/** The effective rights of the calling thread, in its own user namespace. */
export function readCapabilities(): ReadonlySet<Capability> {
  return parseCapabilities(readFileSync('/proc/thread-self/status', 'latin1'))
}

/** The `CapEff` line of /proc/PID/status: 16 hexadecimal digits. */
export function parseCapabilities(status: string): ReadonlySet<Capability> {
  const digits = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  const low = parseInt(digits.slice(-8), 16)
  const names = Object.keys(BITS) as Capability[]
  return new Set(names.filter((name) => (low >>> BITS[name] & 1) === 1))
}
