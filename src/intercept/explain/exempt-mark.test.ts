import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../net/address.ts'
import { istioRedirect, tablesOf } from '../netfilter/listings.fixture.ts'
import { Netfilter } from '../netfilter/netfilter.ts'
import type { Table } from '../netfilter/ruleset.ts'
import { planWorld } from '../netfilter/world.ts'
import { findExemptMark } from './exempt-mark.ts'
import type { LiveProcess } from './subject.ts'

const POD = planWorld([parseAddress('10.0.0.2')!])
const rules = (lines: string): Table[] => tablesOf(`*nat\n:OUTPUT ACCEPT [0:0]\n${lines}\nCOMMIT`)
const REDIRECT = '-A OUTPUT -p tcp -j REDIRECT --to-ports 15001'
const proxy: LiveProcess = { pid: 1, program: 'envoy', uid: 1337, gid: 1337, capabilities: [], isProxy: true }

const markOf = (tables: readonly Table[], processes: readonly LiveProcess[] = [proxy]): number | undefined =>
  findExemptMark({ netfilter: new Netfilter(tables), world: POD, mesh: undefined, versions: [4], live: { processes, connections: [], isHost: false } })

test('the mark that rules let pass, where they do not go by the proxy\'s user', () => {
  assert.equal(markOf(rules(`-A OUTPUT -m mark --mark 0x539 -j RETURN\n${REDIRECT}`)), 1337)
  assert.equal(markOf(rules(`-A OUTPUT -m mark --mark 0x539 -j RETURN\n${REDIRECT}`), []), 1337)
})

test('none where the user is enough, where nothing is redirected, and where a mark leads into the proxy', () => {
  assert.equal(markOf(rules(`-A OUTPUT -m owner --uid-owner 1337 -j RETURN\n-A OUTPUT -m mark --mark 0x539 -j RETURN\n${REDIRECT}`)), undefined)
  assert.equal(markOf(rules(REDIRECT)), undefined)
  assert.equal(markOf(rules('-A OUTPUT -m mark --mark 0x539 -j RETURN')), undefined)
  assert.equal(markOf(rules('-A OUTPUT -p tcp -m mark --mark 0x539 -j REDIRECT --to-ports 15001\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001')), undefined)
  assert.equal(markOf(tablesOf(istioRedirect())), undefined)
})
