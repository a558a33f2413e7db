import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Packet } from '../net/packet.ts'
import { matchesFilter, parsePacketFilter } from '../net/packet-filter.ts'
import { restrictedFilter } from './source-filter.ts'

function packet(src: string, dst: string): Packet {
  const words = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return Object.assign(new Packet(), { version: 4, src3: words(src), dst3: words(dst), srcPort: 1000, dstPort: 80 })
}

const user = parsePacketFilter({ ports: [], notPorts: [], hosts: ['10.0.0.9'] })

test('both the workload and what the user asked for must be in a packet', () => {
  const filter = restrictedFilter(user, ['10.0.0.7'])!
  assert.equal(matchesFilter(filter, packet('10.0.0.7', '10.0.0.9')), true)
  assert.equal(matchesFilter(filter, packet('10.0.0.1', '10.0.0.9')), false)
  assert.equal(matchesFilter(filter, packet('10.0.0.7', '10.0.0.1')), false)
})

test('an empty list of workloads lets nothing through', () => {
  assert.equal(matchesFilter(restrictedFilter(undefined, [])!, packet('10.0.0.7', '10.0.0.9')), false)
})

test('without a restriction the filter stays as it is', () => {
  assert.equal(restrictedFilter(user, undefined), user)
  assert.equal(restrictedFilter(undefined, undefined), undefined)
})
