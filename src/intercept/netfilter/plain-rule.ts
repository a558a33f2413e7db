import { PROTOCOLS } from './iptables-rule.ts'
import type { RuleWords } from './iptables-rule.ts'
import type { RuleMemory } from './rule-memory.ts'
import { TCP, UDP } from './protocol-number.ts'
import type { Action, IpVersion, Match, Side } from './ruleset.ts'

const END: Readonly<Record<string, readonly Action[]>> = { RETURN: [{ kind: 'return' }], ACCEPT: [{ kind: 'accept' }], DROP: [{ kind: 'drop' }] }
const ENDS = Object.entries(END).map(([name, actions]) => ({ text: `-j ${name}`, actions }))
const MAX_PORT = 65_535

/**
 * A rule of the few words that long lists consist of: `[-s NET] [-d NET] [-p tcp [-m tcp] [--dport N]] -j RETURN`, from the character `at` on.
 * It is read without making words of the line. Undefined is any other rule, which is then read word by word, and errors are told there.
 */
export function readPlainRule(line: string, at: number, version: IpVersion, memory: RuleMemory): RuleWords | undefined {
  const matches: Match[] = []
  let place = readAddress(line, readAddress(line, at, '-s ', 'source', version, memory, matches), '-d ', 'destination', version, memory, matches)
  const protocol = line.startsWith('-p tcp ', place) ? TCP : line.startsWith('-p udp ', place) ? UDP : 0
  if (protocol !== 0) {
    matches.push(PROTOCOLS[protocol]!)
    place += 7
    if (line.startsWith(protocol === TCP ? '-m tcp --dport ' : '-m udp --dport ', place)) place = readPort(line, place + 15, protocol, memory, matches)
  }
  const end = ENDS.find(({ text }) => line.length === place + text.length && line.endsWith(text))
  return end === undefined ? undefined : { matches, actions: end.actions }
}

/** The place after it; the same one where there is none. */
function readAddress(line: string, at: number, option: string, side: Side, version: IpVersion, memory: RuleMemory, matches: Match[]): number {
  if (!line.startsWith(option, at)) return at
  const end = line.indexOf(' ', at + 3)
  const match = end < 0 ? undefined : memory.address(side, line.slice(at + 3, end))
  if (match === undefined || match.ranges[0]!.low.version !== version) return at
  matches.push(match)
  return end + 1
}

function readPort(line: string, at: number, protocol: number, memory: RuleMemory, matches: Match[]): number {
  let port = 0
  let place = at
  for (let code = line.charCodeAt(place); code >= 48 && code <= 57 && port <= MAX_PORT; code = line.charCodeAt(++place)) port = port * 10 + code - 48
  if (place === at || port > MAX_PORT || line.charCodeAt(place) !== 32) return at
  matches.push(memory.port('destination', protocol, port))
  return place + 1
}
