import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { MtlscopeError } from '../base/errors.ts'
import { parseContrastIngress } from '../intercept/plan/contrast-ingress.ts'
import type { Preset } from '../intercept/plan/plan.ts'
import { ISTIO_IPTABLES_SETTINGS, PRESET_SETTINGS } from '../intercept/plan/settings.ts'
import type { InterceptSettings } from '../intercept/plan/settings.ts'
import type { InitFlags } from './init.ts'
import { idOfName, ids, interfaceNames, networks, onePort, portRanges, whole, yes } from './init-values.ts'

type Environment = Readonly<Record<string, string | undefined>>

const CONTRAST_INGRESS = ['CONTRAST_INGRESS_PROXY_CONFIG', 'EDG_INGRESS_PROXY_CONFIG']
const MAX_TABLE = 0xffff_ffff

/** Which rules, where no --preset says so: a call of istio-iptables has at least one of its three flags. */
export function choosePreset(flags: InitFlags, env: Environment): { preset: Preset, isIstioIptables: boolean } {
  if (flags.preset !== undefined) return { preset: flags.preset, isIstioIptables: false }
  const isIstio = [flags.istioInboundInterceptionMode, flags.istioInboundPorts, flags.istioServiceCidr].some((flag) => flag !== undefined)
  if (isIstio) return { preset: 'istio', isIstioIptables: true }
  return { preset: CONTRAST_INGRESS.some((name) => env[name] !== undefined) ? 'contrast' : 'mtlscope', isIstioIptables: false }
}

/** Flags before environment before the defaults of the preset. `addresses`: of the namespace. Throws 'usage', 'bad-config'. */
export function initSettings(flags: InitFlags, env: Environment, addresses: readonly string[]): InterceptSettings {
  const { preset, isIstioIptables } = choosePreset(flags, env)
  const defaults = isIstioIptables ? ISTIO_IPTABLES_SETTINGS : PRESET_SETTINGS[preset]
  const source = new Source(preset === 'istio' || preset === 'mtlscope' ? env : {})
  const mode = source.text(flags.istioInboundInterceptionMode, 'ISTIO_INBOUND_INTERCEPTION_MODE')
  const uids = source.read('-u', flags.proxyUid, 'PROXY_UID', (text) => ids('-u', text, '/etc/passwd'), envoyUser(preset, env) ?? defaults.uids)
  const settings: InterceptSettings = {
    ...defaults, addresses, uids,
    mode: mode === 'TPROXY' ? 'TPROXY' : mode === undefined ? defaults.mode : 'REDIRECT',
    gids: source.read('-g', flags.proxyGid, 'PROXY_GID', (text) => ids('-g', text, '/etc/group'), preset === 'istio' ? uids : defaults.gids),
    ...ports(flags, source, defaults), ...destinations(flags, source, defaults), ...dns(flags, source),
    ingress: preset === 'contrast' ? parseContrastIngress(CONTRAST_INGRESS.map((name) => env[name]).find((value) => value !== undefined) ?? '') : [],
    ipv6: flags.ipv6 ?? defaults.ipv6, podIp: podIp(flags.podIp),
    udpPorts: flags.allowUdp === undefined ? defaults.udpPorts : portRanges('--allow-udp', flags.allowUdp),
  }
  refuseMode(mode, preset)
  return settings
}

/** The value of a flag, else of its variable: it is the flag in capitals. */
class Source {
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  text(flag: string | undefined, ...names: string[]): string | undefined {
    return flag ?? names.map((name) => this.#env[name]).find((value) => value !== undefined)
  }

  read<T>(name: string, flag: string | undefined, variable: string, parse: (text: string, name: string) => T, otherwise: T): T {
    const text = this.text(flag, variable)
    return text === undefined ? otherwise : parse(text, flag === undefined ? variable : name)
  }

  switched(flag: boolean | undefined, ...names: string[]): boolean {
    if (flag === true) return true
    const name = names.find((one) => this.#env[one] !== undefined)
    return name !== undefined && yes(name, this.#env[name]!)
  }
}

function envoyUser(preset: Preset, env: Environment): number[] | undefined {
  const id = preset === 'istio' && env.ENVOY_USER !== undefined ? idOfName(env.ENVOY_USER, '/etc/passwd') : undefined
  return id === undefined ? undefined : [id]
}

function ports(flags: InitFlags, source: Source, defaults: InterceptSettings): Partial<InterceptSettings> {
  const list = (text: string, name: string): InterceptSettings['outboundPorts'] => portRanges(name, text)
  return {
    outboundPort: flags.envoyPort === undefined ? defaults.outboundPort : onePort('-p', flags.envoyPort),
    inboundPort: source.read('-z', flags.inboundCapturePort, 'INBOUND_CAPTURE_PORT', (text, name) => onePort(name, text), defaults.inboundPort),
    tunnelPort: source.read('-e', flags.inboundTunnelPort, 'INBOUND_TUNNEL_PORT', (text, name) => onePort(name, text), defaults.tunnelPort),
    inboundPorts: source.read('-b', flags.istioInboundPorts, 'ISTIO_INBOUND_PORTS', (text, name) => text === '*' ? '*' as const : portRanges(name, text), defaults.inboundPorts),
    excludeInboundPorts: source.read('-d', flags.istioLocalExcludePorts, 'ISTIO_LOCAL_EXCLUDE_PORTS', list, defaults.excludeInboundPorts),
    outboundPorts: source.read('-q', flags.istioOutboundPorts, 'ISTIO_OUTBOUND_PORTS', list, defaults.outboundPorts),
    excludeOutboundPorts: source.read('-o', flags.istioLocalOutboundPortsExclude, 'ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE', list, defaults.excludeOutboundPorts),
    tproxyMark: source.read('-t', flags.istioInboundTproxyMark, 'ISTIO_INBOUND_TPROXY_MARK', (text, name) => whole(name, text), defaults.tproxyMark),
    routeTable: source.read('-r', flags.istioInboundTproxyRouteTable, 'ISTIO_INBOUND_TPROXY_ROUTE_TABLE', (text, name) => whole(name, text, MAX_TABLE), defaults.routeTable),
  }
}

function destinations(flags: InitFlags, source: Source, defaults: InterceptSettings): Partial<InterceptSettings> {
  const list = (text: string, name: string): string[] => networks(name, text)
  const names = (text: string, name: string): string[] => interfaceNames(name, text)
  return {
    outboundNetworks: source.read('-i', flags.istioServiceCidr, 'ISTIO_SERVICE_CIDR', (text, name) => text === '*' ? '*' as const : networks(name, text), defaults.outboundNetworks),
    excludeOutboundNetworks: source.read('-x', flags.istioServiceExcludeCidr, 'ISTIO_SERVICE_EXCLUDE_CIDR', list, defaults.excludeOutboundNetworks),
    excludeSources: flags.subnetsToIgnore === undefined ? defaults.excludeSources : networks('--subnets-to-ignore', flags.subnetsToIgnore),
    excludeInterfaces: source.read('-c', flags.istioExcludeInterfaces, 'ISTIO_EXCLUDE_INTERFACES', names, defaults.excludeInterfaces),
    virtualInterfaces: source.read('-k', flags.kubeVirtInterfaces, 'KUBE_VIRT_INTERFACES', names, defaults.virtualInterfaces),
    loopbackNetwork: loopbackNetwork(source.text(undefined, 'ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR') ?? defaults.loopbackNetwork),
    ownerGroups: groups(source.text(undefined, 'ISTIO_OUTBOUND_OWNER_GROUPS') ?? '*'),
    excludeOwnerGroups: ids('ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE', source.text(undefined, 'ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE') ?? '', '/etc/group'),
    dropInvalid: source.switched(flags.dropInvalid, 'INVALID_DROP', 'DROP_INVALID'),
    isDualStack: source.switched(flags.dualStack, 'ISTIO_DUAL_STACK', 'DUAL_STACK'),
  }
}

const MAX_GROUPS = 64

function groups(text: string): InterceptSettings['ownerGroups'] {
  if (text === '*') return '*'
  const found = ids('ISTIO_OUTBOUND_OWNER_GROUPS', text, '/etc/group')
  if (found.length > MAX_GROUPS) throw new MtlscopeError('usage', `ISTIO_OUTBOUND_OWNER_GROUPS: more than ${MAX_GROUPS} groups`)
  return found
}

function loopbackNetwork(text: string): string {
  if (!/^127\.\d+\.\d+\.\d+\/([89]|[12]\d|3[0-2])$/.test(text)) throw new MtlscopeError('usage', `ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR: not a network of loopback: ${text}`, { hint: 'example: 127.0.0.1/32' })
  return networks('ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR', text)[0]!
}

function dns(flags: InitFlags, source: Source): Pick<InterceptSettings, 'dns' | 'resolvers'> {
  if (!source.switched(flags.redirectDns, 'ISTIO_META_DNS_CAPTURE', 'REDIRECT_DNS')) return { dns: 'no', resolvers: [] }
  if (source.switched(flags.captureAllDns, 'CAPTURE_ALL_DNS')) return { dns: 'all', resolvers: [] }
  const resolvers = readResolvers()
  return resolvers.length === 0 ? { dns: 'no', resolvers } : { dns: 'resolvers', resolvers }
}

/** resolv.conf(5). */
function readResolvers(): string[] {
  try {
    return [...readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver\s+([0-9a-fA-F.:]+)\s*$/gm)].map(([, address]) => address!)
  } catch {
    return []
  }
}

function podIp(text: string | undefined): string | undefined {
  if (text === undefined || isIPv4(text)) return text
  throw new MtlscopeError('usage', `--pod-ip: not an address of IPv4: ${text}`, { hint: 'example: --pod-ip 10.0.0.2' })
}

function refuseMode(mode: string | undefined, preset: Preset): void {
  if (mode === undefined || mode === '' || mode === 'REDIRECT' || mode === 'TPROXY') return
  const hint = mode === 'NONE' ? 'with mode NONE nothing is set at all: leave init away' : 'REDIRECT or TPROXY'
  if (preset !== 'istio' || mode === 'NONE') throw new MtlscopeError('usage', `-m: unknown mode ${mode}`, { hint })
}
