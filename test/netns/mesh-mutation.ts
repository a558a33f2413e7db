import { contrast, istioRedirect, istioTproxy, linkerd } from '../../src/intercept/netfilter/listings.fixture.ts'
import { istioAmbient, istioNative, openServiceMesh } from '../../src/intercept/netfilter/mesh-listings.fixture.ts'
import type { Dice } from './rule-grammar.ts'

const LISTINGS: Readonly<Record<4 | 6, readonly string[]>> = {
  4: [istioRedirect(), `${istioRedirect()}${istioTproxy()}`, linkerd(), contrast(), istioAmbient(), openServiceMesh('10.0.0.2')],
  6: [istioRedirect({ version: 6 }), istioAmbient(6), linkerd(), ''],
}
/** What is put for what: numbers that the packets of the test have, too. */
const CHANGES: readonly (readonly [from: RegExp, to: readonly string[]])[] = [
  [/-owner (1337|2102|1500)\b/, ['-owner 1000', '-owner 0', '-owner 1337']], [/dport \d+\b/, ['dport 80', 'dport 8080', 'dport 53', 'dport 15006']], [/-([io]) lo\b/, ['-$1 eth0', '-$1 lo']],
  [/! /, ['']], [/-j RETURN\b/, ['-j ACCEPT']], [/0x539\b/, ['0x40', '0x53a']], [/-p tcp\b(?! -m tcp| --dport)/, ['-p udp']],
  [/skuid (!= )?\d+/, ['skuid 1000', 'skuid != 0']], [/"lo"/, ['"eth0"']], [/ return$/, [' accept']], [/meta l4proto tcp/, ['meta l4proto udp']],
]

/** What lets answers come back stays: the test sees connections, and the model says where the first packet ends. */
const ANSWERS = /ctstate|DIVERT/

/** Rules of a mesh as it writes them, with a few of them left out, doubled, exchanged or changed: a listing that somebody edited. */
export function drawListing(dice: Dice, version: 4 | 6): string {
  return mutate(dice, dice.pick(LISTINGS[version]), (line) => line.startsWith('-A '))
}

export function drawNativeListing(dice: Dice): string {
  return mutate(dice, istioNative(), (line) => line.startsWith('  ') && !line.startsWith('  type'))
}

function mutate(dice: Dice, text: string, isRule: (line: string) => boolean): string {
  const lines = text.split('\n')
  for (let n = dice.below(5); n > 0; n--) {
    const rules = lines.flatMap((line, place) => isRule(line) && !ANSWERS.test(line) ? [place] : [])
    if (rules.length === 0) break
    const place = dice.pick(rules)
    const roll = dice.next()
    if (roll < 0.2) lines.splice(place, 1)
    else if (roll < 0.3) lines.splice(place, 0, lines[place]!)
    else if (roll < 0.55 && rules.includes(place + 1)) lines.splice(place, 2, lines[place + 1]!, lines[place]!)
    else lines[place] = change(dice, lines[place]!)
  }
  return lines.join('\n')
}

function change(dice: Dice, line: string): string {
  const possible = CHANGES.filter(([from]) => from.test(line))
  if (possible.length === 0) return line
  const [from, to] = dice.pick(possible)
  return line.replace(from, dice.pick(to))
}
