import type { NumberRange } from '../netfilter/number-range.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import type { ContrastIngress } from './contrast-ingress.ts'
import { port } from './conditions.ts'
import type { Preset } from './plan.ts'

export type Everything = '*'

/** What the rules depend on. Fields that a preset does not know are ignored by it; docs/init.md has the table. */
export interface InterceptSettings {
  readonly preset: Preset
  readonly mode: 'REDIRECT' | 'TPROXY'
  readonly outboundPort: number
  readonly inboundPort: number
  /** Never redirected by Istio's rules (HBONE). */
  readonly tunnelPort: number
  readonly uids: readonly number[]
  readonly gids: readonly number[]
  /** Inbound ports that are intercepted; an empty list is none. */
  readonly inboundPorts: Everything | readonly NumberRange[]
  readonly excludeInboundPorts: readonly NumberRange[]
  /** Destinations that are intercepted; an empty list is none. */
  readonly outboundNetworks: Everything | readonly string[]
  readonly excludeOutboundNetworks: readonly string[]
  /** Intercepted whatever the destination. */
  readonly outboundPorts: readonly NumberRange[]
  readonly excludeOutboundPorts: readonly NumberRange[]
  /** Inbound, by source (Linkerd). */
  readonly excludeSources: readonly string[]
  readonly excludeInterfaces: readonly string[]
  /** Interfaces of virtual machines: what comes in there is outbound. */
  readonly virtualInterfaces: readonly string[]
  readonly tproxyMark: number
  readonly routeTable: number
  readonly dns: 'no' | 'resolvers' | 'all'
  /** Of /etc/resolv.conf. */
  readonly resolvers: readonly string[]
  readonly dropInvalid: boolean
  /** Of IPv4; what Istio takes for the pod's own. */
  readonly loopbackNetwork: string
  readonly ownerGroups: Everything | readonly number[]
  readonly excludeOwnerGroups: readonly number[]
  /** UDP ports that an app may send to and be asked on (preset mtlscope). */
  readonly udpPorts: readonly NumberRange[]
  /** `mesh`: as that mesh does it. */
  readonly ipv6: 'mesh' | 'capture' | 'drop' | 'open'
  /** What is there: Istio looks at it, mtlscope plans for both. */
  readonly addresses: readonly string[]
  readonly isDualStack: boolean
  readonly ingress: readonly ContrastIngress[]
  /** OSM's mode PodIP: what its proxy sends to 127.0.0.1 goes there. */
  readonly podIp: string | undefined
}

const ports = (...numbers: number[]): NumberRange[] => numbers.map(port)

const COMMON: InterceptSettings = {
  preset: 'mtlscope', mode: 'REDIRECT', outboundPort: 15_001, inboundPort: 15_006, tunnelPort: 15_008, uids: [1337], gids: [],
  inboundPorts: '*', excludeInboundPorts: [], outboundNetworks: '*', excludeOutboundNetworks: [], outboundPorts: [], excludeOutboundPorts: [], excludeSources: [],
  excludeInterfaces: [], virtualInterfaces: [], tproxyMark: 1337, routeTable: 133, dns: 'no', resolvers: [], dropInvalid: false, loopbackNetwork: '127.0.0.1/32',
  ownerGroups: '*', excludeOwnerGroups: [], udpPorts: ports(53), ipv6: 'mesh', addresses: [], isDualStack: false, ingress: [], podIp: undefined,
}

/** What each mesh's injector passes when nobody asks for anything else. */
export const PRESET_SETTINGS: Readonly<Record<Preset, InterceptSettings>> = {
  mtlscope: { ...COMMON, ipv6: 'capture' },
  istio: { ...COMMON, preset: 'istio', gids: [1337], excludeInboundPorts: ports(15_090, 15_021, 15_020) },
  linkerd: { ...COMMON, preset: 'linkerd', outboundPort: 4140, inboundPort: 4143, uids: [2102], excludeInboundPorts: ports(4190, 4191, 4567, 4568), excludeOutboundPorts: ports(4567, 4568) },
  osm: { ...COMMON, preset: 'osm', inboundPort: 15_003, uids: [1500] },
  contrast: { ...COMMON, preset: 'contrast', mode: 'TPROXY', uids: [], inboundPort: 15_006 },
}

/** What istio-iptables does without flags: nothing is intercepted. */
export const ISTIO_IPTABLES_SETTINGS: InterceptSettings = { ...PRESET_SETTINGS.istio, inboundPorts: [], outboundNetworks: [], excludeInboundPorts: [] }

/** Istio decides by the first address that is neither loopback nor link-local; with dual stack by any. */
export function istioVersions({ addresses, isDualStack }: InterceptSettings): IpVersion[] {
  const usual = addresses.filter((text) => !/^(127\.|::1$|fe[89ab]|169\.254\.)/i.test(text))
  const isSix = (text: string): boolean => text.includes(':')
  const wantsSix = isDualStack ? usual.some(isSix) : usual[0] !== undefined && isSix(usual[0])
  return wantsSix ? [4, 6] : [4]
}
