import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callersOf, planApp, planNetwork, planSidecar, SHOP, spiffeIdOf } from './plan.ts'
import { parseSpiffeId } from '../identity/spiffe.ts'

function service(name: string): (typeof SHOP)[number] {
  return SHOP.find((s) => s.name === name)!
}

test('an app dials its sidecar on the loopback, port kept, and one without a sidecar directly', () => {
  assert.deepEqual(planApp(service('web'), 4), {
    service: 'web', listen: undefined, rate: 4,
    calls: { cart: { ip: '127.137.0.2', port: 8080 }, ads: { ip: '10.77.0.4', port: 8080 } },
  })
  assert.deepEqual(planApp(service('cart'), 4).listen, { ip: '127.0.0.1', port: 8080 })
  assert.deepEqual(planApp(service('ads'), 4).listen, { ip: '10.77.0.4', port: 8080 })
})

test('each sidecar listens where its app dials, and leads to where the other sidecar listens', () => {
  for (const s of SHOP.filter((one) => one.sidecar)) {
    const sidecar = planSidecar(s, '/folder')
    for (const out of sidecar.outbound) {
      assert.deepEqual(out.listen, planApp(s, 1).calls[out.name])
      const other = planSidecar(service(out.name), '/folder')
      assert.deepEqual(out.connect, other.inbound?.listen)
      assert.deepEqual(other.inbound?.forward, planApp(service(out.name), 1).listen)
      assert.ok(other.inbound?.clientIds.includes(spiffeIdOf(s.name)))
      assert.equal(out.serverId, spiffeIdOf(out.name))
    }
  }
})

test('exactly the edge to the service without a sidecar is left clear', () => {
  const clear = SHOP.flatMap((s) => s.calls.filter((name) => !planSidecar(s, '').outbound.some((out) => out.name === name)).map((name) => `${s.name} ${name}`))
  assert.deepEqual(clear, ['web ads'])
  assert.deepEqual(callersOf('stock'), ['cart'])
})

test('every service gets a namespace, its address, and a SPIFFE ID that is one', () => {
  const { world, inside } = planNetwork()
  for (const s of SHOP) {
    assert.ok(world.includes(`netns add ${s.name}`))
    assert.ok(inside.get(s.name)?.some((line) => line.includes(`${s.ip}/24`)))
    assert.ok(parseSpiffeId(spiffeIdOf(s.name)))
  }
})
