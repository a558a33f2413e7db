import type { Address, SidecarConfig } from '../proxy/sidecar-config.ts'
import type { AppConfig } from './app-config.ts'

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
export const BRIDGE = 'shop0'
const PORT = 8080
const PREFIX = 24

export function spiffeIdOf(service: string): string {
  return `spiffe://${TRUST_DOMAIN}/${service}`
}

export function callersOf(service: string): string[] {
  return SHOP.filter((other) => other.calls.includes(service)).map((other) => other.name)
}

/** Services with a sidecar listen on the loopback, because the pod's own address is the sidecar's; the one without, on its address. */
export function planApp(service: Service, rate: number): AppConfig {
  const called = callersOf(service.name).length > 0
  return {
    service: service.name,
    listen: called ? { ip: service.sidecar ? '127.0.0.1' : service.ip, port: PORT } : undefined,
    calls: Object.fromEntries(service.calls.map((name) => [name, dialAddress(named(name))])),
    rate,
  }
}

/** `folder` holds NAME.crt, NAME.key and root.crt. */
export function planSidecar(service: Service, folder: string): SidecarConfig {
  const clientIds = callersOf(service.name).filter((name) => named(name).sidecar).map(spiffeIdOf)
  return {
    workload: service.name,
    certificateFile: `${folder}/${service.name}.crt`,
    privateKeyFile: `${folder}/${service.name}.key`,
    rootFile: `${folder}/root.crt`,
    inbound: clientIds.length === 0 ? undefined : { listen: { ip: service.ip, port: PORT }, forward: { ip: '127.0.0.1', port: PORT }, clientIds },
    outbound: service.calls.map(named).filter((other) => other.sidecar).map((other) => ({
      name: other.name, listen: dialAddress(other), connect: { ip: other.ip, port: PORT }, serverId: spiffeIdOf(other.name),
    })),
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

/** Where an app dials another: its sidecar's listener for it on the loopback, the port kept; directly where the other has no sidecar. */
function dialAddress(service: Service): Address {
  return service.sidecar ? { ip: service.ip.replace('10.77.', '127.137.'), port: PORT } : { ip: service.ip, port: PORT }
}

function named(name: string): Service {
  const service = SHOP.find((s) => s.name === name)
  if (service === undefined) throw new Error(`no service ${name} in the shop`)
  return service
}
