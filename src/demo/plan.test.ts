import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSidecarYaml } from '../proxy/config/yaml-plan.ts'
import type { SidecarPlan } from '../proxy/sidecar-plan.ts'
import { parseSpiffeId } from '../identity/spiffe.ts'
import type { Interception } from './interception-plan.ts'
import { planRules } from './interception-plan.ts'
import { ledTo, callersOf, planApp, planNetwork, planSidecar, SHOP, spiffeIdOf } from './plan.ts'

function service(name: string): (typeof SHOP)[number] {
  return SHOP.find((s) => s.name === name)!
}

/** As the sidecar itself reads its file. */
function sidecarPlan(name: string, interception: Interception): SidecarPlan {
  return parseSidecarYaml(JSON.stringify(planSidecar(service(name), '/folder', interception)), 'test', { workload: '', ipv6: false, folder: '/' })
}

test('with rules an app knows nothing of a sidecar: it has its own address, and dials those of others', () => {
  assert.deepEqual(planApp(service('web'), 4, 'nft'), {
    service: 'web', listen: undefined, rate: 4,
    calls: { cart: { ip: '10.77.0.2', port: 8080 }, ads: { ip: '10.77.0.4', port: 8080 } },
  })
  for (const name of ['cart', 'ads']) assert.deepEqual(planApp(service(name), 4, 'iptables').listen, { ip: service(name).ip, port: 8080 })
})

test('without rules an app dials its sidecar on the loopback, port kept, and one without a sidecar directly', () => {
  assert.deepEqual(planApp(service('web'), 4, 'listeners'), {
    service: 'web', listen: undefined, rate: 4,
    calls: { cart: { ip: '127.137.0.2', port: 8080 }, ads: { ip: '10.77.0.4', port: 8080 } },
  })
  assert.deepEqual(planApp(service('cart'), 4, 'listeners').listen, { ip: '127.0.0.1', port: 8080 })
  assert.deepEqual(planApp(service('ads'), 4, 'listeners').listen, { ip: '10.77.0.4', port: 8080 })
})

test('without rules each sidecar listens where its app dials, and leads to where the other sidecar listens', () => {
  for (const s of SHOP.filter((one) => one.sidecar)) {
    const dialled = planApp(s, 1, 'listeners').calls
    for (const { listen, to, identities } of sidecarPlan(s.name, 'listeners').outbound?.map ?? []) {
      const name = Object.keys(dialled).find((one) => dialled[one]!.ip === listen.host)!
      const { inbound } = sidecarPlan(name, 'listeners')
      assert.deepEqual(inbound?.listen, [to])
      assert.deepEqual(inbound.to, { host: '127.0.0.1', port: 8080 })
      assert.deepEqual(inbound.allow.default, callersOf(name).map(spiffeIdOf))
      assert.deepEqual(identities, [spiffeIdOf(name)])
    }
  }
})

test('with rules a sidecar knows who must answer where, who may call, what goes on in the clear, and refuses the rest', () => {
  const { inbound, outbound, mark } = sidecarPlan('web', 'nft')
  assert.deepEqual([inbound, outbound?.mode, outbound?.default], [undefined, 'tproxy', 'deny'])
  assert.deepEqual(outbound?.expect, [{ to: { network: '10.77.0.2', fromPort: 8080, toPort: 8080 }, identities: ['spiffe://shop.test/cart'] }])
  assert.deepEqual(outbound.passthrough, [{ network: '10.77.0.4', fromPort: 8080, toPort: 8080 }])
  const cart = sidecarPlan('cart', 'nft')
  assert.deepEqual([cart.inbound?.mode, cart.inbound?.default, cart.inbound?.allow.default], ['tproxy', 'mtls', ['spiffe://shop.test/web']])
  for (const backend of ['nft', 'iptables'] as const) {
    const rules = planRules(backend, '10.77.0.2')
    for (const { port } of [...cart.inbound?.listen ?? [], ...outbound.listen]) assert.match(rules, new RegExp(`\\b${port}\\b`))
    assert.match(rules, new RegExp(`\\b${mark}\\b`))
  }
})

test('every service gets a namespace, its address, and a SPIFFE ID that is one', () => {
  const { world, inside } = planNetwork()
  for (const s of SHOP) {
    assert.ok(world.includes(`netns add ${s.name}`))
    assert.ok(inside.get(s.name)?.some((line) => line.includes(`${s.ip}/24`)))
    assert.ok(parseSpiffeId(spiffeIdOf(s.name)))
  }
})

test('of the addresses that apps dial those of listeners tell whose they are', () => {
  assert.deepEqual(['127.137.0.2', '127.137.0.4', '10.77.0.2', '127.0.0.1'].map(ledTo), ['cart', undefined, undefined, undefined])
})
