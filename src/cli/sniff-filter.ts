import { MtlscopeError } from '../base/errors.ts'

/** What the words of a filter come to: lists for --port, --not-port and --host. */
export interface FilterWords { readonly port: string[], readonly notPort: string[], readonly host: string[] }

type Kind = 'port' | 'not port' | 'host'

const KNOWN = 'understood are: port 80, portrange 8000-8010, host 10.0.0.7, net 10.1.0.0/16, not port 22, and, or'
const PRIMITIVES: Readonly<Record<string, Kind>> = { port: 'port', portrange: 'port', host: 'host', net: 'host' }

/**
 * The part of tcpdump's filter language (pcap-filter(7)) that the kernel filter of this program can hold exactly: ports joined by
 * `or`, hosts joined by `or`, these by `and`, and `not port`. Everything else is refused by name ('bad-filter'), never taken for
 * something that it is not. The values themselves are checked by parsePacketFilter.
 */
export function parseFilterWords(words: readonly string[]): FilterWords {
  const reader = new FilterReader(words.flatMap((word) => word.replace(/&&|\|\||[()!]/g, ' $& ').split(/\s+/)).filter((word) => word !== ''))
  return reader.read()
}

/** Whether an argument begins a filter, of those that are understood and of those that are refused: anything else in front of it is a name. */
export function isFilterWord(argument: string | undefined): boolean {
  return argument === undefined || /^\s*(?:$|[!(]|(?:not|port|portrange|host|net|src|dst|tcp|udp|icmp6?|ip6?|arp|rarp|vlan|mpls|ether|proto|less|greater|gateway|broadcast|multicast|inbound|outbound|and|or)(?:\s|$))/.test(argument) || argument.includes(' ')
}

class FilterReader {
  readonly #words: string[]
  readonly #lists: Record<Kind, string[]> = { 'port': [], 'not port': [], 'host': [] }
  /** Kinds that are over: `and` came after them. */
  readonly #closed = new Set<Kind>()
  #last: Kind | undefined

  constructor(words: string[]) {
    this.#words = words
  }

  read(): FilterWords {
    for (let joint: string | undefined; this.#words.length > 0; joint = this.#joint()) this.#term(joint)
    return { port: this.#lists.port, notPort: this.#lists['not port'], host: this.#lists.host }
  }

  #joint(): string | undefined {
    const word = this.#words.shift()
    if (word === undefined) return undefined
    const joint = word === '&&' ? 'and' : word === '||' ? 'or' : word
    if (joint !== 'and' && joint !== 'or') throw notUnderstood(word)
    if (this.#words.length === 0) throw new MtlscopeError('bad-filter', `the filter ends with ${word}`, { hint: KNOWN })
    return joint
  }

  #term(joint: string | undefined): void {
    const word = this.#words.shift()!
    // `port 80 or 443`: what was said of the first holds for the next, but not its `not`.
    if (joint === 'or' && this.#last !== undefined && this.#last !== 'not port' && startsWithDigitOrColon(word)) return this.#add(this.#last, word)
    const not = word === 'not' || word === '!'
    const name = not ? this.#words.shift() ?? '' : word
    const kind = Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name]! : undefined
    if (kind === undefined) throw notUnderstood(name)
    if (not && kind !== 'port') throw new MtlscopeError('bad-filter', `not ${name} cannot be filtered`, { hint: KNOWN })
    const value = this.#words.shift()
    if (value === undefined) throw new MtlscopeError('bad-filter', `the filter says ${name} and not which`, { hint: KNOWN })
    this.#join(not ? 'not port' : kind, joint)
    this.#add(not ? 'not port' : kind, value)
  }

  /** Refuses what would mean something else: the kernel filter joins like with `or`, unlike with `and`. */
  #join(kind: Kind, joint: string | undefined): void {
    const like = kind === this.#last && kind !== 'not port'
    const fits = joint === undefined || (like ? joint === 'or' && this.#closed.size === 0 : joint === 'and' && !this.#closed.has(kind))
    if (!fits) throw new MtlscopeError('bad-filter', `${joint} ${kind} does not fit there`, { hint: 'join ports, or hosts, by or (port 80 or 443), and the one with the other by and' })
    if (joint === 'and' && this.#last !== undefined && this.#last !== 'not port') this.#closed.add(this.#last)
  }

  #add(kind: Kind, value: string): void {
    this.#lists[kind].push(value)
    this.#last = kind
  }
}

function startsWithDigitOrColon(word: string): boolean {
  return /^[\d:]/.test(word) || word.includes(':')
}

function notUnderstood(word: string): MtlscopeError {
  return new MtlscopeError('bad-filter', `the filter says ${word}, which is not understood`, { hint: `${KNOWN}; the rest is for a display filter of the reader` })
}
