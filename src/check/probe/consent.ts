import { isIP } from 'node:net'
import type { ProbeTarget } from '../verdict.ts'

/** Asked once, with all addresses that are not of this machine; true where they may be touched. */
export type Confirm = (addresses: readonly string[]) => Promise<boolean> | boolean

export interface ConsentPlan {
  readonly free: readonly ProbeTarget[]
  /** Somebody else's, as far as can be seen. */
  readonly foreign: readonly ProbeTarget[]
}

/** Which targets may be touched without asking: loopback addresses, and those of namespaces of this machine. */
export function planConsent(targets: readonly ProbeTarget[], isOwn: (ip: string) => boolean): ConsentPlan {
  const isFree = ({ ip }: ProbeTarget): boolean => isIP(ip) !== 0 && (isLoopback(ip) || isOwn(ip))
  return { free: targets.filter(isFree), foreign: targets.filter((target) => !isFree(target)) }
}

/** `10.0.0.7:443`, `[fd00::7]:443`. */
export function addressText({ ip, port }: Pick<ProbeTarget, 'ip' | 'port'>): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1'
}
