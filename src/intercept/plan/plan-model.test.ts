import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { parseAddress } from '../../net/address.ts'
import { compareSaved } from '../apply/difference.ts'
import { parseIptablesSave } from '../netfilter/iptables-save.ts'
import { Netfilter } from '../netfilter/netfilter.ts'
import { outcomeText } from '../netfilter/outcome-text.ts'
import { parsePacket } from '../netfilter/packet-text.ts'
import { walkPacket } from '../netfilter/packet-walk.ts'
import type { Table } from '../netfilter/ruleset.ts'
import { planWorld } from '../netfilter/world.ts'
import { planRules } from './plan-rules.ts'
import type { Plan } from './plan.ts'
import { restoreText } from './restore-text.ts'
import { anySettings } from './settings.fixture.ts'
import { PRESET_SETTINGS } from './settings.ts'
import type { InterceptSettings } from './settings.ts'

const WORLD = planWorld([parseAddress('10.0.0.2')!, parseAddress('fd00::2')!])

function tablesFor(plan: Plan): Table[] {
  return plan.versions.flatMap((version) => {
    const parsed = parseIptablesSave(restoreText(plan, version), { version, backend: 'iptables-nft' })
    assert.ok(parsed.ok)
    return parsed.tables
  })
}

function endOf(settings: InterceptSettings, text: string): string {
  const parsed = parsePacket(text, WORLD)
  assert.ok(parsed.ok, text)
  return outcomeText(walkPacket(new Netfilter(tablesFor(planRules(settings))), WORLD, parsed.packet).outcome)
}

const OUT4 = 'tcp app uid 1000 -> 10.0.0.3:80'
const OUT6 = 'tcp app uid 1000 -> [fd00::3]:80'
const IN4 = 'tcp in eth0 10.0.0.3:5555 -> 10.0.0.2:8080'
const IN6 = 'tcp in eth0 [fd00::3]:5555 -> [fd00::2]:8080'

for (const [packet, end] of [
  [OUT4, /^arrives at 127\.0\.0\.1:15001, original destination 10\.0\.0\.3:80/], [OUT6, /^arrives at \[::1\]:15001/],
  [IN4, /^arrives at 10\.0\.0\.2:15006, original destination 10\.0\.0\.2:8080/], [IN6, /^arrives at \[fd00::2\]:15006/],
  ['tcp app uid 1337 -> 10.0.0.3:80', /^leaves/], ['tcp app uid 1337 -> [fd00::3]:80', /^leaves/],
  ['udp app uid 1000 -> 10.0.0.3:443', /^is rejected/], ['udp app uid 1000 -> [fd00::3]:443', /^is rejected/], ['udp app uid 1000 -> 10.0.0.3:9', /^is rejected/],
  ['udp app uid 1000 -> 10.0.0.3:53', /^leaves/], ['udp in eth0 10.0.0.3:5 -> 10.0.0.2:9', /^is dropped/], ['udp in eth0 [fd00::3]:5 -> [fd00::2]:9', /^is dropped/],
  ['sctp app uid 1000 -> 10.0.0.3:80', /^is rejected/], ['tcp app uid 1000 -> 10.0.0.2:8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/],
  ['tcp app uid 1000 state established -> 10.0.0.3:80', /^is rejected/], ['tcp state invalid in eth0 10.0.0.3:5555 -> 10.0.0.2:8080', /^is dropped/],
] as const) {
  test(`mtlscope, ${packet}: ${end.source}`, () => assert.match(endOf(PRESET_SETTINGS.mtlscope, packet), end))
}

test('mtlscope with TPROXY takes inbound connections as they are', () => {
  const settings = { ...PRESET_SETTINGS.mtlscope, mode: 'TPROXY' as const }
  for (const packet of [IN4, IN6]) assert.match(endOf(settings, packet), /:15006 \(TPROXY\), original destination/)
  assert.match(endOf(settings, OUT4), /:15001/)
})

for (const preset of ['istio', 'linkerd', 'osm', 'contrast'] as const) {
  test(`${preset}: both directions as that mesh has them, IPv6 open as it has that, too`, () => {
    const isOut = preset !== 'contrast'
    assert.match(endOf(PRESET_SETTINGS[preset], OUT4), isOut ? /^arrives at 127\.0\.0\.1:/ : /^leaves/)
    assert.match(endOf(PRESET_SETTINGS[preset], IN4), /original destination 10\.0\.0\.2:8080/)
    assert.match(endOf(PRESET_SETTINGS[preset], IN6), /not intercepted/)
    assert.match(endOf({ ...PRESET_SETTINGS[preset], ipv6: 'capture' }, IN6), /original destination \[fd00::2\]:8080/)
    assert.match(endOf({ ...PRESET_SETTINGS[preset], ipv6: 'drop' }, OUT6), /^is dropped/)
  })
}

test('whatever is asked for: the text is read as what was planned, and as nothing else', () => {
  fc.assert(fc.property(anySettings, (drawn) => {
    const plan = planRules(drawn)
    for (const version of [4, 6] as const) {
      const text = restoreText(plan, version)
      const parsed = parseIptablesSave(text, { version, backend: 'iptables-nft' })
      assert.ok(parsed.ok, text)
      assert.deepEqual(compareSaved(plan, version, { backend: 'iptables-nft', version, text, tables: parsed.tables }), [])
      const rules = parsed.tables.flatMap((table) => [...table.chains.values()]).flatMap((one) => one.rules)
      assert.ok(rules.every((rule) => rule.matches.every((match) => match.kind !== 'unknown') && rule.actions.every((action) => action.kind !== 'unknown')), text)
    }
  }), { numRuns: 150 })
})

test('any rule that is missing, changed or moved is found', () => {
  fc.assert(fc.property(anySettings, fc.nat(), fc.constantFrom('drop' as const, 'swap' as const), (drawn, at, how) => {
    const plan = planRules(drawn)
    const lines = restoreText(plan, 4).split('\n')
    const rules = lines.flatMap((line, i) => line.startsWith('-') ? [i] : [])
    fc.pre(rules.length > 1)
    const i = rules[at % (rules.length - 1)]!
    if (how === 'drop') lines.splice(i, 1)
    else {
      const sameChain = lines[i + 1]?.split(' ')[1] === lines[i]!.split(' ')[1] && lines[i] !== lines[i + 1] && lines[i]!.startsWith('-A')
      fc.pre(sameChain)
      lines.splice(i, 2, lines[i + 1]!, lines[i]!)
    }
    const text = lines.join('\n')
    const parsed = parseIptablesSave(text, { version: 4, backend: 'iptables-nft' })
    // A second insertion without its first one has no place.
    if (!parsed.ok) return
    assert.notDeepEqual(compareSaved(plan, 4, { backend: 'iptables-nft', version: 4, text, tables: parsed.tables }), [])
  }), { numRuns: 150 })
})
