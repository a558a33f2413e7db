import { isIP } from 'node:net'
import { displayName } from './display-name.ts'
import { readStart } from './process-files.ts'

/** What a process was told about itself. All of it can be forged, so it names things and decides nothing. */
export interface EnvironHints {
  /** `pod.namespace`, or the workload. */
  readonly name?: string
  /** Host name of a container. */
  readonly hostname?: string
  readonly ip?: string
}

/** No environment of a pod comes near it; what lies beyond is not read. */
const MAX_ENVIRON_BYTES = 128 * 1024
const MAX_VALUE_BYTES = 1024

/**
 * Names that meshes give their proxies: Istio, Consul and Kuma set POD_NAME, POD_NAMESPACE and (Istio, Kuma) INSTANCE_IP;
 * Linkerd sets _pod_name and _pod_ns. The first that is there wins.
 */
const POD_KEYS = ['POD_NAME', '_pod_name']
const POD_NAMESPACE_KEYS = ['POD_NAMESPACE', '_pod_ns']
const WORKLOAD_KEYS = ['MTLSCOPE_WORKLOAD', 'ISTIO_META_WORKLOAD_NAME', 'KUMA_DATAPLANE_NAME']
const IP_KEYS = ['INSTANCE_IP', 'POD_IP']
const WANTED = new Set([...POD_KEYS, ...POD_NAMESPACE_KEYS, ...WORKLOAD_KEYS, ...IP_KEYS, 'HOSTNAME'])

/** Throws what node:fs throws. */
export function readEnvironHints(procfs: string, pid: number): EnvironHints {
  const { bytes, cut } = readStart(`${procfs}/${pid}/environ`, MAX_ENVIRON_BYTES)
  return parseEnviron(bytes, cut)
}

/** `bytes`: entries `KEY=value`, each ended by a zero byte. With `cut` the last one is not whole and is left out. */
export function parseEnviron(bytes: Uint8Array, cut = false): EnvironHints {
  const values = wantedValues(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), cut)
  const pod = first(values, POD_KEYS)
  const namespace = first(values, POD_NAMESPACE_KEYS)
  const ip = first(values, IP_KEYS)
  return {
    name: pod === undefined ? first(values, WORKLOAD_KEYS) : displayName(namespace === undefined ? pod : `${pod}.${namespace}`),
    hostname: values.get('HOSTNAME'),
    ip: ip !== undefined && isIP(ip) !== 0 ? ip : undefined,
  }
}

function wantedValues(bytes: Buffer, cut: boolean): Map<string, string> {
  const values = new Map<string, string>()
  for (let start = 0; start < bytes.length;) {
    const zero = bytes.indexOf(0, start)
    if (zero < 0 && cut) break
    const end = zero < 0 ? bytes.length : zero
    const equals = bytes.subarray(start, end).indexOf(0x3d)
    const key = equals > 0 ? bytes.toString('latin1', start, start + equals) : ''
    // Like getenv(3): the first of equal names.
    if (WANTED.has(key) && !values.has(key)) {
      const value = displayName(bytes.toString('utf8', start + equals + 1, Math.min(end, start + equals + MAX_VALUE_BYTES)))
      if (value !== undefined) values.set(key, value)
    }
    start = end + 1
  }
  return values
}

function first(values: ReadonlyMap<string, string>, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = values.get(key)
    if (value !== undefined) return value
  }
  return undefined
}
