import type { HostPort, LimitsPlan, TlsPlan } from '../sidecar-plan.ts'

export const DEFAULT_TLS: TlsPlan = { minVersion: '1.3', groups: ['X25519MLKEM768', 'X25519', 'P-256'], alpn: 'mtlscope', resumption: true }

export const DEFAULT_LIMITS: LimitsPlan = {
  connections: 65_536,
  bufferBytes: 256 * 1024,
  connectTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 3_600_000,
  drainTimeoutMs: 30_000,
}

/** Whether connections between two sidecars go together in one where both can. */
export const DEFAULT_TUNNEL = 'auto'

export const DEFAULT_ADMIN: HostPort = { host: '127.0.0.1', port: 15_000 }

/** File names of Contrast, and of `mtlscope ca issue`. */
export const IDENTITY_FILES = { key: 'key.pem', chain: 'certChain.pem', bundle: 'mesh-ca.pem' } as const

/** What the plan takes from the machine that the sidecar runs on. */
export interface Machine {
  readonly workload: string
  /** Whether the network namespace has IPv6, so that a port alone is listened on there too. */
  readonly ipv6: boolean
  /** Folder that relative paths begin at. */
  readonly folder: string
}
