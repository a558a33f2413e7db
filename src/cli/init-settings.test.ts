import assert from 'node:assert/strict'
import { test } from 'node:test'
import { port } from '../intercept/plan/conditions.ts'
import { ISTIO_IPTABLES_SETTINGS, PRESET_SETTINGS } from '../intercept/plan/settings.ts'
import { initCommand } from './init.ts'
import type { InitFlags } from './init.ts'
import { choosePreset, initSettings } from './init-settings.ts'

type Environment = Readonly<Record<string, string>>

/** As commander reads them. */
function flagsOf(args: readonly string[]): InitFlags {
  const command = initCommand().exitOverride().configureOutput({ writeErr: () => {} }).action(() => {})
  command.parse(['node', 'mtlscope', ...args])
  return command.opts<InitFlags>()
}

const settingsOf = (args: readonly string[], env: Environment = {}): ReturnType<typeof initSettings> => initSettings(flagsOf(args), env, [])

test('the call of an istio-init container is that of istio-iptables', () => {
  const args = ['-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT', '-i', '*', '-x', '', '-b', '*', '-d', '15090,15021,15020', '--log_output_level=default:info']
  assert.deepEqual(settingsOf(args), { ...PRESET_SETTINGS.istio, excludeInboundPorts: [port(15090), port(15021), port(15020)] })
})

test('without -b and -i istio-iptables intercepts nothing, the preset of its name everything', () => {
  assert.deepEqual(settingsOf(['-m', 'REDIRECT']), ISTIO_IPTABLES_SETTINGS)
  assert.deepEqual(settingsOf(['--preset', 'istio']), PRESET_SETTINGS.istio)
})

test('long names are the same as short ones', () => {
  const long = ['--envoy-port', '1', '--inbound-capture-port', '2', '--inbound-tunnel-port', '3', '--proxy-uid', '4', '--proxy-gid', '5', '--istio-inbound-interception-mode', 'TPROXY', '--istio-inbound-tproxy-mark', '6', '--istio-inbound-tproxy-route-table', '7', '--istio-inbound-ports', '8', '--istio-local-exclude-ports', '9', '--istio-exclude-interfaces', 'a', '--istio-service-cidr', '10.0.0.0/8', '--istio-service-exclude-cidr', '10.1.0.0/16', '--istio-outbound-ports', '11', '--istio-local-outbound-ports-exclude', '12', '--kube-virt-interfaces', 'b']
  const short = ['-p', '1', '-z', '2', '-e', '3', '-u', '4', '-g', '5', '-m', 'TPROXY', '-t', '6', '-r', '7', '-b', '8', '-d', '9', '-c', 'a', '-i', '10.0.0.0/8', '-x', '10.1.0.0/16', '-q', '11', '-o', '12', '-k', 'b']
  assert.deepEqual(settingsOf(long), settingsOf(short))
  assert.deepEqual(settingsOf(short), {
    ...PRESET_SETTINGS.istio, mode: 'TPROXY', outboundPort: 1, inboundPort: 2, tunnelPort: 3, uids: [4], gids: [5], tproxyMark: 6, routeTable: 7, inboundPorts: [port(8)], excludeInboundPorts: [port(9)],
    excludeInterfaces: ['a'], outboundNetworks: ['10.0.0.0/8'], excludeOutboundNetworks: ['10.1.0.0/16'], outboundPorts: [port(11)], excludeOutboundPorts: [port(12)], virtualInterfaces: ['b'],
  })
})

test('the environment counts where no flag is given; of two names of one variable the older wins; gids are the uids', () => {
  const env = {
    INBOUND_CAPTURE_PORT: '1', INBOUND_TUNNEL_PORT: '2', PROXY_UID: '3,4', ISTIO_INBOUND_INTERCEPTION_MODE: 'TPROXY', ISTIO_INBOUND_PORTS: '*', ISTIO_SERVICE_CIDR: '*', ISTIO_LOCAL_EXCLUDE_PORTS: '5',
    ISTIO_META_DNS_CAPTURE: 'true', CAPTURE_ALL_DNS: '1', INVALID_DROP: 't', ISTIO_DUAL_STACK: 'true', ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR: '127.0.0.0/8', ISTIO_OUTBOUND_OWNER_GROUPS: '100,101', ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE: '7',
    ENVOY_PORT: '99',
  }
  const settings = settingsOf(['--preset', 'istio', '-z', '9'], env)
  assert.deepEqual(settings, {
    ...PRESET_SETTINGS.istio, inboundPort: 9, tunnelPort: 2, uids: [3, 4], gids: [3, 4], mode: 'TPROXY', excludeInboundPorts: [port(5)], dns: 'all', dropInvalid: true, isDualStack: true,
    loopbackNetwork: '127.0.0.0/8', ownerGroups: [100, 101], excludeOwnerGroups: [7],
  })
  assert.equal(settingsOf(['--preset', 'istio'], { ISTIO_META_DNS_CAPTURE: 'false', REDIRECT_DNS: 'true' }).dns, 'no')
  assert.deepEqual(settingsOf(['--preset', 'linkerd'], env).uids, [2102], 'Istio\'s variables are no business of others')
})

test('the preset is told by the flags, then by Contrast\'s variables', () => {
  const of = (args: readonly string[], env: Environment = {}): string => choosePreset(flagsOf(args), env).preset
  assert.equal(of([]), 'mtlscope')
  assert.equal(of(['-u', '1', '-d', '9090']), 'mtlscope')
  for (const flag of ['-m', '-b', '-i']) assert.equal(of([flag, '']), 'istio')
  assert.equal(of([], { CONTRAST_INGRESS_PROXY_CONFIG: '' }), 'contrast')
  assert.equal(of([], { EDG_INGRESS_PROXY_CONFIG: 'a#1#true' }), 'contrast')
  assert.equal(of(['--preset', 'mtlscope', '-m', 'TPROXY'], { CONTRAST_INGRESS_PROXY_CONFIG: '' }), 'mtlscope')
  assert.deepEqual(settingsOf([], { CONTRAST_INGRESS_PROXY_CONFIG: 'web#8080#false##metrics#7890#true' }).ingress, [{ port: 8080, isPlain: false }, { port: 7890, isPlain: true }])
})

for (const [args, env, message] of [
  [['-p', '65536'], {}, '-p: no such port: 65536'], [['-p', '1,2'], {}, '-p: not one port: 1,2'], [['-p', ''], {}, '-p: not one port: '],
  [['-x', '*'], {}, '-x: * is not allowed here'], [['-x', '10.0.0.0/8,*'], {}, '-x: * is not allowed here'], [['-u', '4294967295'], {}, '-u: not a number from 0 to 4294967294: 4294967295'],
  [['-m', 'NONE'], {}, '-m: unknown mode NONE'], [['--preset', 'mtlscope', '-m', 'x'], {}, '-m: unknown mode x'], [['--pod-ip', '::1'], {}, '--pod-ip: not an address of IPv4: ::1'],
  [['--preset', 'istio'], { INBOUND_CAPTURE_PORT: 'x' }, 'INBOUND_CAPTURE_PORT: not a port: x'], [['--preset', 'istio'], { DROP_INVALID: 'maybe' }, 'DROP_INVALID: neither true nor false: maybe'],
  [['--preset', 'istio'], { ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR: '10.0.0.0/8' }, 'ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR: not a network of loopback: 10.0.0.0/8'],
  [['-k', 'a b'], {}, '-k: not the name of an interface: a b'], [['-c', 'sixteen-letters-'], {}, '-c: not the name of an interface: sixteen-letters-'],
] as const satisfies readonly (readonly [readonly string[], Environment, string])[]) {
  test(`refused: ${message}`, () => assert.throws(() => settingsOf(args, env), { code: 'usage', message }))
}
