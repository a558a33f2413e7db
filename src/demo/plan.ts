import type { SidecarFile } from '../proxy/config/sidecar-file.ts'
import type { Address, AppConfig } from './app-config.ts'
import { INBOUND_PORT, OUTBOUND_PORT, SIDECAR_MARK } from './interception-plan.ts'
import type { Interception } from './interception-plan.ts'

/** One service of the shop: an app in a network namespace of that name. */
export interface Service {
  readonly name: string
  readonly ip: string
  readonly calls: readonly string[]
  readonly sidecar: boolean
}

export const SHOP: readonly Service[] = [
  { name: 'web', ip: '10.77.0.1', calls: ['cart', 'ads'], sidecar: true },
  { name: 'cart', ip: '10.77.0.2', calls: ['stock'], sidecar: true },
  { name: 'stock', ip: '10.77.0.3', calls: [], sidecar: true },
  { name: 'ads', ip: '10.77.0.4', calls: [], sidecar: false },
]

export const TRUST_DOMAIN = 'shop.test'
const BRIDGE = 'shop0'
const PORT = 8080
const PREFIX = 24

export function spiffeIdOf(service: string): string {
  return `spiffe://${TRUST_DOMAIN}/${service}`
}

export function callersOf(service: string): string[] {
  return SHOP.filter((other) => other.calls.includes(service)).map((other) => other.name)
}

/** Without rules an app listens on the loopback and dials its own sidecar there. With them it knows nothing of a sidecar. */
export function planApp(service: Service, rate: number, interception: Interception): AppConfig {
  const called = callersOf(service.name).length > 0
  return {
    service: service.name,
    listen: called ? appAddress(service, interception) : undefined,
    calls: Object.fromEntries(service.calls.map((name) => [name, dialAddress(named(name), interception)])),
    rate,
  }
}

/** What `mtlscope sidecar` is to do. `folder` holds NAME.crt, NAME.key and root.crt. */
export function planSidecar(service: Service, folder: string, interception: Interception): SidecarFile & { readonly workload: string } {
  const allow = callersOf(service.name).filter((name) => named(name).sidecar).map(spiffeIdOf)
  const [meshed, bare] = [true, false].map((sidecar) => service.calls.map(named).filter((other) => other.sidecar === sidecar)) as [Service[], Service[]]
  const common = {
    workload: service.name,
    identity: { key: `${folder}/${service.name}.key`, chain: `${folder}/${service.name}.crt`, bundle: `${folder}/root.crt` },
  }
  if (interception === 'listeners') return {
    ...common,
    ...allow.length === 0 ? {} : { inbound: { mode: 'listen', listen: addressText({ ip: service.ip, port: PORT }), to: addressText(appAddress(service, interception)), allow } },
    outbound: { map: meshed.map((other) => ({ listen: addressText(dialAddress(other, interception)), to: addressText({ ip: other.ip, port: PORT }), expect: spiffeIdOf(other.name) })) },
  }
  return {
    ...common, mark: SIDECAR_MARK,
    // Nobody calls web: where no listener is, whatever is led to it is dropped.
    ...allow.length === 0 ? {} : { inbound: { mode: 'tproxy', listen: `0.0.0.0:${INBOUND_PORT}`, allow } },
    outbound: {
      mode: 'tproxy', listen: `0.0.0.0:${OUTBOUND_PORT}`, default: 'deny',
      passthrough: bare.map((other) => addressText({ ip: other.ip, port: PORT })),
      expect: meshed.map((other) => ({ to: addressText({ ip: other.ip, port: PORT }), identity: spiffeIdOf(other.name) })),
    },
  }
}

/** Lines for `ip -batch` in the world's own namespace, and for `ip -n NAME -batch` in each service's. */
export function planNetwork(): { world: string[], inside: ReadonlyMap<string, string[]> } {
  const world = [`link add ${BRIDGE} type bridge`, `link set ${BRIDGE} up`, 'link set lo up']
  const inside = new Map<string, string[]>()
  for (const { name, ip } of SHOP) {
    const port = `${name}0`
    world.push(`netns add ${name}`, `link add ${port} type veth peer name eth0 netns ${name}`, `link set ${port} master ${BRIDGE}`, `link set ${port} up`)
    // Without link-local IPv6: its solicitations would be packets that nobody sent.
    inside.set(name, ['link set lo up', 'link set eth0 addrgenmode none', `addr add ${ip}/${PREFIX} dev eth0`, 'link set eth0 up'])
  }
  return { world, inside }
}

/** Without rules its own sidecar's listener for the other on the loopback, the port kept; where the other has no sidecar, itself. */
function dialAddress(service: Service, interception: Interception): Address {
  return { ip: interception === 'listeners' && service.sidecar ? service.ip.replace('10.77.', '127.137.') : service.ip, port: PORT }
}

/** Whose listener that address is in the sidecars of others; undefined for any other address. */
export function ledTo(ip: string): string | undefined {
  return SHOP.find((service) => service.sidecar && ip === dialAddress(service, 'listeners').ip)?.name
}

/** Without rules the address that others dial is the sidecar's. */
function appAddress(service: Service, interception: Interception): Address {
  return { ip: interception === 'listeners' && service.sidecar ? '127.0.0.1' : service.ip, port: PORT }
}

function addressText({ ip, port }: Address): string {
  return `${ip}:${port}`
}

function named(name: string): Service {
  const service = SHOP.find((s) => s.name === name)
  if (service === undefined) throw new Error(`no service ${name} in the shop`)
  return service
}
