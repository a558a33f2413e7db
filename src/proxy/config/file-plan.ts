import { join, resolve } from 'node:path'
import { isAddress, parseDestinations, parseHostPort } from './addresses.ts'
import { DEFAULT_ADMIN, DEFAULT_LIMITS, DEFAULT_TLS, DEFAULT_TUNNEL, IDENTITY_FILES } from './defaults.ts'
import type { Machine } from './defaults.ts'
import { circles } from './circles.ts'
import type { IdentityKeys, InboundKeys, LimitsKeys, OutboundKeys, SidecarFile } from './sidecar-file.ts'
import type { Destination, HostPort, IdentityPlan, InboundPlan, LimitsPlan, OutboundPlan, PortMode, SidecarPlan } from '../sidecar-plan.ts'

type Path = readonly (string | number)[]
/** Tells a problem at a key of the file. */
export type Report = (path: Path, message: string, hint?: string) => void

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** A timer beyond fires at once. */
const MAX_DURATION_MS = 2 ** 31 - 1
const MIN_BUFFER_BYTES = 4096
const MAX_BUFFER_BYTES = 64 * 1024 * 1024
/** What stands in for a value that was reported: it goes nowhere. */
const NOWHERE: HostPort = { host: '127.0.0.1', port: 1 }

/** The plan of a file whose shape is right. What is wrong between keys or in an address goes to `report`; then the plan is of no use. */
export function planOfFile(file: SidecarFile, machine: Machine, report: Report): SidecarPlan {
  const reader = new FileReader(machine, report)
  return reader.plan(file)
}

/** Whether a client certificate is looked at. */
function asksFor(mode: PortMode): boolean {
  return mode === 'mtls' || mode === 'permissive'
}

class FileReader {
  readonly #machine: Machine
  readonly #report: Report

  constructor(machine: Machine, report: Report) {
    this.#machine = machine
    this.#report = report
  }

  plan(file: SidecarFile): SidecarPlan {
    const plan: SidecarPlan = {
      workload: file.workload ?? this.#machine.workload,
      identity: this.#identity(file.identity),
      inbound: file.inbound === undefined ? undefined : this.#inbound(file.inbound),
      outbound: file.outbound === undefined ? undefined : this.#outbound(file.outbound),
      tls: { ...DEFAULT_TLS, ...file.tls, minVersion: String(file.tls?.minVersion ?? DEFAULT_TLS.minVersion) as '1.2' | '1.3' },
      limits: this.#limits(file.limits ?? {}),
      admin: this.#admin(file.admin),
      log: file.log ?? 'text',
      threads: file.threads ?? 1,
      ...file.tap === true ? { tap: true } : {},
      ...file.mark === undefined ? {} : { mark: file.mark },
    }
    if (plan.inbound === undefined && plan.outbound === undefined) this.#report([], 'neither inbound nor outbound is there', 'a sidecar without both would do nothing')
    this.#checkListeners(plan, file.admin === undefined)
    for (const { path, way } of circles(plan)) this.#report(path, `leads back to the sidecar itself: ${way}`, 'every connection would open another one, without end')
    return plan
  }

  #identity(keys: IdentityKeys): IdentityPlan {
    const path = (text: string): string => resolve(this.#machine.folder, text)
    const named = [keys.dir, keys.key ?? keys.chain ?? keys.bundle, keys.ca, keys.workloadApi].filter((one) => one !== undefined)
    if (named.length !== 1) this.#report(['identity'], named.length === 0 ? 'says nothing of where the identity comes from' : 'names more than one source of the identity', 'exactly one of: dir; key, chain and bundle; ca; workloadApi')
    if (keys.workloadApi !== undefined) return { kind: 'workload-api', socket: keys.workloadApi.replace(/^unix:\/\//, '') }
    if (keys.ca !== undefined) {
      const { address, bundle, token, spiffeId } = keys.ca
      return { kind: 'ca', address: this.#hostPort(address, ['identity', 'ca', 'address']), bundle: path(bundle), token: path(token), ...spiffeId === undefined ? {} : { spiffeId } }
    }
    const dir = path(keys.dir ?? '.')
    if (keys.dir === undefined) for (const name of ['key', 'chain', 'bundle'] as const) if (named.length === 1 && keys[name] === undefined) this.#report(['identity'], `key '${name}' is missing`, 'key, chain and bundle belong together; or name their folder with dir')
    return {
      kind: 'files',
      key: keys.key === undefined ? join(dir, IDENTITY_FILES.key) : path(keys.key),
      chain: keys.chain === undefined ? join(dir, IDENTITY_FILES.chain) : path(keys.chain),
      bundle: keys.bundle === undefined ? join(dir, IDENTITY_FILES.bundle) : path(keys.bundle),
    }
  }

  #inbound(keys: InboundKeys): InboundPlan {
    if (keys.mode === 'listen' && keys.to === undefined) this.#report(['inbound'], 'mode listen needs \'to\'', 'the address of the app, such as to: "127.0.0.1:8080"')
    if (keys.mode !== 'listen' && keys.to !== undefined) this.#report(['inbound', 'to'], `mode ${keys.mode} has no 'to'`, 'connections go on to where they were going; or use mode: listen')
    const ports: Record<string, PortMode> = {}
    const allowPorts: Record<string, readonly string[]> = {}
    for (const [port, value] of Object.entries(keys.ports ?? {})) {
      const { mode, allow } = typeof value === 'string' ? { mode: value, allow: undefined } : value
      ports[port] = mode ?? keys.default ?? 'mtls'
      if (allow !== undefined) allowPorts[port] = allow
      this.#checkPort(port, keys)
      if (allow !== undefined && !asksFor(ports[port])) this.#report(['inbound', 'ports', port], `mode ${ports[port]} asks for no client certificate, so 'allow' would never be looked at`, 'use mtls, or leave allow out')
    }
    if (keys.allow !== undefined && ![keys.default ?? 'mtls', ...Object.values(ports)].some(asksFor)) this.#report(['inbound', 'allow'], 'no port asks for a client certificate, so \'allow\' would never be looked at', 'use mtls, or leave allow out')
    return {
      mode: keys.mode, listen: this.#listen(keys.listen, ['inbound', 'listen'], true),
      to: keys.to === undefined ? undefined : this.#hostPort(keys.to, ['inbound', 'to']),
      default: keys.default ?? 'mtls', ports, allow: { default: keys.allow ?? [], ports: allowPorts }, source: keys.source ?? 'sidecar',
      tunnel: keys.tunnel ?? DEFAULT_TUNNEL,
    }
  }

  /** Without interception one port is called. What is said of another one would be taken for a protection that is not there. */
  #checkPort(port: string, { mode, to }: InboundKeys): void {
    const only = mode === 'listen' && to !== undefined ? parseHostPort(to)?.port : undefined
    if (only !== undefined && only !== Number(port)) this.#report(['inbound', 'ports', port], `everything goes to port ${only} with mode listen, so port ${port} would never be looked at`, `name port ${only}, or say it for all with default and allow`)
  }

  #outbound(keys: OutboundKeys): OutboundPlan {
    const mode = keys.mode ?? 'none'
    if (mode === 'none' && keys.listen !== undefined) this.#report(['outbound', 'listen'], 'mode none listens only where \'map\' says', 'say mode: redirect or mode: tproxy')
    if (mode !== 'none' && keys.listen === undefined) this.#report(['outbound'], `mode ${mode} needs 'listen'`, 'the port that the interception leads to, such as listen: 15001')
    return {
      mode,
      listen: keys.listen === undefined ? [] : this.#listen(keys.listen, ['outbound', 'listen'], mode === 'tproxy'),
      default: keys.default ?? 'mesh',
      passthrough: (keys.passthrough ?? []).flatMap((text, i) => this.#destinations(text, ['outbound', 'passthrough', i])),
      expect: (keys.expect ?? []).flatMap(({ to, identity, alpn }, i) =>
        this.#destinations(to, ['outbound', 'expect', i, 'to']).map((destination) => ({ to: destination, identities: many(identity), ...alpn === undefined ? {} : { alpn } }))),
      map: (keys.map ?? []).map(({ listen, to, expect, alpn }, i) => ({
        listen: this.#hostPort(listen, ['outbound', 'map', i, 'listen']),
        to: this.#hostPort(to, ['outbound', 'map', i, 'to']),
        identities: many(expect ?? []),
        ...alpn === undefined ? {} : { alpn },
      })),
      tunnel: keys.tunnel ?? DEFAULT_TUNNEL,
    }
  }

  #limits(keys: LimitsKeys): LimitsPlan {
    const time = (name: Exclude<keyof LimitsKeys, 'connections' | 'buffer'>, otherwise: number): number => {
      const text = keys[name]
      const [, value, unit] = /^([\d.]+)(\w+)$/.exec(text ?? '') ?? []
      const ms = text === undefined ? otherwise : Math.round(Number(value) * UNIT_MS[unit!]!)
      if (ms > MAX_DURATION_MS) this.#report(['limits', name], `'${text}' is too long`, 'at most 596h')
      if (ms === 0 && name !== 'idleTimeout') this.#report(['limits', name], `'${text}' would end every connection at once`, 'only idleTimeout may be 0s')
      return ms
    }
    const [, size, unit] = /^(\d+)([KM])$/.exec(keys.buffer ?? '') ?? []
    const bufferBytes = size === undefined ? DEFAULT_LIMITS.bufferBytes : Number(size) * (unit === 'K' ? 1024 : 1024 * 1024)
    if (bufferBytes < MIN_BUFFER_BYTES || bufferBytes > MAX_BUFFER_BYTES) this.#report(['limits', 'buffer'], `'${keys.buffer}' is no size for a buffer`, '4K to 64M')
    return {
      connections: keys.connections ?? DEFAULT_LIMITS.connections, bufferBytes,
      connectTimeoutMs: time('connectTimeout', DEFAULT_LIMITS.connectTimeoutMs),
      handshakeTimeoutMs: time('handshakeTimeout', DEFAULT_LIMITS.handshakeTimeoutMs),
      idleTimeoutMs: time('idleTimeout', DEFAULT_LIMITS.idleTimeoutMs),
      drainTimeoutMs: time('drainTimeout', DEFAULT_LIMITS.drainTimeoutMs),
    }
  }

  #admin(value: string | number | undefined): HostPort {
    if (value === undefined) return DEFAULT_ADMIN
    return typeof value === 'number' ? { host: DEFAULT_ADMIN.host, port: value } : this.#hostPort(value, ['admin'])
  }

  #listen(value: InboundKeys['listen'], path: Path, wildcard: boolean): HostPort[] {
    const hosts = [wildcard ? '0.0.0.0' : '127.0.0.1', ...this.#machine.ipv6 ? [wildcard ? '::' : '::1'] : []]
    return many(value).flatMap((one, i) => typeof one === 'number' ? hosts.map((host) => ({ host, port: one })) : [this.#hostPort(one, Array.isArray(value) ? [...path, i] : path)])
  }

  #hostPort(text: string, path: Path): HostPort {
    const parsed = parseHostPort(text)
    if (parsed === undefined) this.#report(path, `'${text}' is not an address and port`, 'like 10.1.2.3:8080, "[fd00::1]:8080" or, where it is called, cart:8080')
    return parsed ?? NOWHERE
  }

  #destinations(text: string, path: Path): Destination[] {
    const parsed = parseDestinations(text)
    if (parsed === undefined) this.#report(path, `'${text}' is not a destination`, 'like 10.0.0.0/8, 10.0.0.7:5432, 10.0.0.0/8:5000-6000, "[fd00::/8]:443" or "*:5432"')
    return parsed ?? []
  }

  /** The same address twice would be found out only by the kernel, and with SO_REUSEPORT not even by that. */
  #checkListeners(plan: SidecarPlan, isDefaultAdmin: boolean): void {
    const seen = new Map<string, string>()
    const place = (listen: HostPort, where: string, path: Path): void => {
      if (!isAddress(listen.host)) return
      const key = `${listen.host} ${listen.port}`
      const other = seen.get(key) ?? seen.get(`${listen.host.includes(':') ? '::' : '0.0.0.0'} ${listen.port}`)
      if (other === undefined) seen.set(key, where)
      else this.#report(path, `port ${listen.port} of ${listen.host} is listened on by ${other} already`, 'each listener needs an address of its own')
    }
    for (const listen of plan.inbound?.listen ?? []) place(listen, 'inbound', ['inbound', 'listen'])
    for (const listen of plan.outbound?.listen ?? []) place(listen, 'outbound', ['outbound', 'listen'])
    plan.outbound?.map.forEach(({ listen }, i) => place(listen, `outbound.map[${i}]`, ['outbound', 'map', i, 'listen']))
    const other = isDefaultAdmin ? seen.get(`${plan.admin.host} ${plan.admin.port}`) ?? seen.get(`0.0.0.0 ${plan.admin.port}`) : undefined
    if (other === undefined) place(plan.admin, 'admin', ['admin'])
    else this.#report([other.split(/[.[]/)[0]!], `${other} listens on port ${plan.admin.port}, which is the admin endpoint's unless 'admin' says another`, 'such as admin: 15002')
  }
}

function many<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value as readonly T[] : [value as T]
}
