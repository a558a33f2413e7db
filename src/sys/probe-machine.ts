import { readFileSync, statfsSync } from 'node:fs'
import { machine, release } from 'node:os'
import type { Check } from './check.ts'
import { absent, failed, ok } from './check.ts'

/** TPACKET_V3 came in 3.2, PACKET_IGNORE_OUTGOING and nsfs as they are used here by 4.20; older ones were never tried. */
const OLDEST_KERNEL = [4, 20] as const
/** node:zlib decompresses zstd from here. */
const ZSTD_NODE = [22, 15] as const
/** node:sqlite gives rows as the store reads them from here. */
const VIEWER_NODE = [22, 16] as const
const CGROUP2_MAGIC = 0x6367_7270

export function probeMachine(): Check[] {
  return [kernel(release()), architecture(), nodeVersion(process.versions.node), cgroup(), kernelTls(), lockedMemory()]
}

export function kernel(version: string): Check {
  const fields = { name: 'kernel', group: 'machine' as const, found: version, purpose: 'rings, namespaces' }
  return atLeast(version, OLDEST_KERNEL) ? ok(fields) : failed({ ...fields, fix: `Linux ${OLDEST_KERNEL.join('.')} or later` })
}

function architecture(): Check {
  const fields = { name: 'architecture', group: 'machine' as const, found: machine(), purpose: 'calls into the C library' }
  return process.arch === 'x64' || process.arch === 'arm64' ? ok(fields) : failed({ ...fields, fix: 'x64 and arm64 are supported' })
}

export function nodeVersion(version: string, openssl: string = process.versions.openssl): Check {
  const missing = [...(atLeast(version, VIEWER_NODE) ? [] : ['the viewer']), ...(atLeast(version, ZSTD_NODE) ? [] : ['bodies in zstd'])]
  const found = `${version} with OpenSSL ${openssl}${missing.length === 0 ? '' : `, without ${missing.join(' and ')}`}`
  const fields = { name: 'node', group: 'machine' as const, found, purpose: 'runtime, TLS, bodies' }
  return missing.length === 0 ? ok(fields) : absent({ ...fields, fix: `Node ${VIEWER_NODE.join('.')} or later` })
}

function cgroup(): Check {
  const fields = { name: 'cgroup', group: 'optional' as const, purpose: 'names of containers' }
  const unified = isCgroup2('/sys/fs/cgroup') ? 'version 2' : isCgroup2('/sys/fs/cgroup/unified') ? 'version 1, version 2 beside it' : undefined
  if (unified !== undefined) return ok({ ...fields, found: unified })
  return absent({ ...fields, found: 'version 1 or not mounted', fix: 'boot with systemd.unified_cgroup_hierarchy=1; nothing depends on it yet' })
}

function isCgroup2(path: string): boolean {
  try {
    return statfsSync(path).type === CGROUP2_MAGIC
  } catch {
    return false
  }
}

function kernelTls(): Check {
  const fields = { name: 'ktls', group: 'optional' as const, purpose: 'encryption in the kernel' }
  if (readText('/proc/sys/net/ipv4/tcp_available_ulp').split(/\s+/).includes('tls')) return ok({ ...fields, found: 'available' })
  const modules = readText(`/lib/modules/${release()}/modules.dep`) + readText(`/lib/modules/${release()}/modules.builtin`)
  if (/\/net\/tls\/tls\.ko/m.test(modules)) return ok({ ...fields, found: 'a module, loaded when it is used' })
  return absent({ ...fields, found: 'not in this kernel', fix: 'none needed: nothing depends on it' })
}

function lockedMemory(): Check {
  const line = /^Max locked memory\s+(\S+)/m.exec(readText('/proc/self/limits'))?.[1] ?? 'unknown'
  const found = /^\d+$/.test(line) ? `${Math.floor(Number(line) / 1024)} KiB` : line
  return ok({ name: 'locked-memory', group: 'optional', found, purpose: 'packet rings do not count against it' })
}

function atLeast(version: string, wanted: readonly [major: number, minor: number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => parseInt(part, 10))
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1])
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
