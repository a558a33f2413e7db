import fc from '#property'
import { PRESETS } from './plan.ts'
import { PRESET_SETTINGS } from './settings.ts'
import type { InterceptSettings } from './settings.ts'

const ports = fc.array(fc.integer({ min: 1, max: 65_000 }).chain((from) => fc.constantFrom({ from, to: from }, { from, to: from + 5 })), { maxLength: 20 })
const networks = fc.subarray(['10.0.0.0/8', '10.1.2.3', '127.0.0.0/8', 'fd00::/8', '::1', '192.168.0.0/16'])
/** Settings of every preset, with lists that are longer than one multiport match takes. */
export const anySettings: fc.Arbitrary<InterceptSettings> = fc.record({
  preset: fc.constantFrom(...PRESETS), mode: fc.constantFrom('REDIRECT' as const, 'TPROXY' as const), inboundPorts: fc.oneof(fc.constant('*' as const), ports),
  excludeInboundPorts: ports, outboundNetworks: fc.oneof(fc.constant('*' as const), networks), excludeOutboundNetworks: networks, outboundPorts: ports, excludeOutboundPorts: ports,
  excludeInterfaces: fc.subarray(['eth1', 'net+', 'v0']), virtualInterfaces: fc.subarray(['v0', 'v1']), dns: fc.constantFrom('no' as const, 'all' as const), dropInvalid: fc.boolean(),
  uids: fc.constantFrom([1337], [5, 6]), gids: fc.constantFrom([], [7]), ipv6: fc.constantFrom('capture' as const, 'drop' as const, 'open' as const, 'mesh' as const),
}).map((drawn) => ({ ...PRESET_SETTINGS[drawn.preset], ...drawn }))
