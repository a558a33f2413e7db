import type { Label } from './bpf-assembler.ts'
import { BpfAssembler } from './bpf-assembler.ts'
import { emitIntervals, emitPrefixes } from './bpf-intervals.ts'
import type { HostSet } from './host-set.ts'
import type { PacketFilter } from './packet-filter.ts'
import type { PortSet } from './port-set.ts'
import { NO_PORTS, portRanges } from './port-set.ts'
import type { Prefix } from './prefix.ts'
import { disjointPrefixes, maskWords } from './prefix.ts'

export interface BpfPlan {
  /** struct sock_filter[] of linux/filter.h for a packet socket of type SOCK_RAW. */
  program: Uint8Array
  /** False where the program lets more addresses through than the filter, because they do not all fit; `note` says so. */
  complete: boolean
  instructions: number
  note?: string
}

/** BPF_MAXINSNS is 4096; some room is left for what the socket puts before the program. */
export const MAX_INSTRUCTIONS = 4096 - 16

const LD_W_ABS = 0x20
const LD_H_IND = 0x48
const LD_B_IND = 0x50
const LDX_IMM = 0x01
const LDX_MEM = 0x61
const STX = 0x03
const TAX = 0x07
const TXA = 0x87
const AND = 0x54
const LSH = 0x64
const ADD_X = 0x0c
const ADD = 0x04
const JEQ = 0x15
const JSET = 0x45
const RET = 0x06
const SKF_AD_PROTOCOL = 0xffff_f000
const SKF_AD_HATYPE = 0xffff_f000 + 28
const SKF_NET_OFF = 0xfff0_0000
const ARPHRD_ETHER = 1
const ARPHRD_LOOPBACK = 772
const ETHERNET_HEADER = 14
const WHOLE_PACKET = 0xffff_ffff

const ETH_P_IP = 0x0800
const ETH_P_IPV6 = 0x86dd
/** Tags, labels, PPP and bridged frames may hold IP, and below 0x600 stand lengths (LLC/SNAP): the program decides on what is in them. */
const WRAPPING = [{ low: 0, high: 0x5ff }, ...[0x6558, 0x8100, 0x880b, 0x8847, 0x8848, 0x8864, 0x88a8, 0x9100, 0x9200].map((p) => ({ low: p, high: p }))]
const TCP = 6
const UDP = 17
/** IP in IP, 6in4, GRE, AH, MPLS in IP; hop-by-hop, routing, fragment, destination options, mobility, HIP, shim6. */
const WRAPPING_PROTOCOLS = [0, 4, 41, 43, 44, 47, 51, 60, 135, 137, 139, 140]
/** VXLAN, GENEVE, VXLAN as Linux began it. */
const TUNNEL_PORTS = [4789, 6081, 8472].map((p) => ({ low: p, high: p }))

/** Scratch memory: where the network header begins, and what is behind it. */
const NETWORK = 0
const TRANSPORT = 1

/** Longest prefixes of IPv4 and IPv6 that are told apart: the first is exact, the last tells nothing apart. */
const COARSER = [
  [32, 128], [30, 112], [28, 96], [26, 80], [24, 64], [22, 60], [20, 56], [18, 52], [16, 48],
  [14, 44], [12, 40], [10, 36], [8, 32], [6, 24], [4, 16], [0, 0],
] as const

/**
 * The filter as a classic BPF program that works on any link type. It lets every packet through that matchesFilter
 * accepts. It may let more through, so matchesFilter must still be asked: what lies in tunnels, tags, extension headers
 * and later fragments, and further addresses where `complete` is false. Frames without TCP or UDP do not pass.
 */
export function planBpf(filter: PacketFilter, maxInstructions: number = MAX_INSTRUCTIONS): BpfPlan {
  if (emitProgram(filter, []).length / 8 > maxInstructions) return planNothing()
  const addresses = filter.hosts.reduce((sum, set) => sum + set.prefixes.length, 0)
  for (const [bits4, bits6] of COARSER) {
    const exact = bits4 === 32
    const hosts = exact ? filter.hosts.map((set) => set.prefixes) : coarseHosts(filter.hosts, bits4, bits6)
    if (hosts.reduce((sum, set) => sum + countRuns(set), 0) * 2 > maxInstructions) continue
    const program = emitProgram(filter, hosts)
    const instructions = program.length / 8
    if (instructions > maxInstructions) continue
    return exact ? { program, complete: true, instructions } : { program, complete: false, instructions, note: coarseNote(addresses, bits4) }
  }
  return planNothing()
}

function planNothing(): BpfPlan {
  const program = emitProgram({ ports: NO_PORTS, notPorts: NO_PORTS }, [])
  return {
    program, complete: false, instructions: program.length / 8,
    note: 'the filter is larger than the kernel\'s packet filter holds: every packet is filtered in the program',
  }
}

function coarseNote(addresses: number, bits4: number): string {
  const lets = bits4 === 0 ? 'all addresses' : `their networks of /${bits4} (IPv4)`
  return `${addresses} addresses are more than the kernel's packet filter holds: it lets ${lets} through, and the program filters the rest`
}

function coarseHosts(sets: readonly HostSet[], bits4: number, bits6: number): Prefix[][] {
  if (bits4 === 0) return []
  return sets.map(({ prefixes }) => disjointPrefixes(prefixes.map((p) => {
    const bits = Math.min(p.bits, p.version === 4 ? 96 + bits4 : bits6)
    return { version: p.version, words: maskWords(p.words, bits), bits }
  })))
}

/** Prefixes that do not directly follow the one before: each costs a comparison at least at either end of a packet. */
function countRuns(prefixes: readonly Prefix[]): number {
  let runs = 0
  let follows = -1
  for (const { version, words, bits } of prefixes) {
    if (version === 6 || words[3] !== follows) runs++
    follows = version === 6 ? -1 : words[3] + 2 ** (128 - bits)
  }
  return runs
}

interface Exits { accept: Label, drop: Label, ports: Label }

function emitProgram(filter: { ports: PortSet, notPorts: PortSet }, hosts: readonly (readonly Prefix[])[]): Uint8Array {
  const asm = new BpfAssembler()
  const exits: Exits = { accept: asm.label(), drop: asm.label(), ports: asm.label() }
  if (filter.ports.count > 0 || filter.notPorts.count > 0 || hosts.length > 0) {
    emitLink(asm, exits, hosts)
    asm.place(exits.ports)
    emitPorts(asm, filter, exits)
  }
  asm.place(exits.accept)
  asm.add(RET, WHOLE_PACKET)
  asm.place(exits.drop)
  asm.add(RET, 0)
  return asm.assemble()
}

/** Finds the network header. An offset from SKF_NET_OFF reads only what lies in the packet's first piece of memory, so Ethernet does without. */
function emitLink(asm: BpfAssembler, exits: Exits, hosts: readonly (readonly Prefix[])[]): void {
  const ethernet = asm.label()
  const found = asm.label()
  asm.add(LD_W_ABS, SKF_AD_HATYPE)
  asm.branch(JEQ, ARPHRD_ETHER, ethernet, undefined)
  asm.branch(JEQ, ARPHRD_LOOPBACK, ethernet, undefined)
  asm.add(LDX_IMM, SKF_NET_OFF)
  asm.jump(found)
  asm.place(ethernet)
  asm.add(LDX_IMM, ETHERNET_HEADER)
  asm.place(found)
  asm.add(STX, NETWORK)
  const ipv4 = asm.label()
  const ipv6 = asm.label()
  asm.add(LD_W_ABS, SKF_AD_PROTOCOL)
  asm.branch(JEQ, ETH_P_IP, ipv4, undefined)
  asm.branch(JEQ, ETH_P_IPV6, ipv6, undefined)
  emitIntervals(asm, WRAPPING.map((range) => ({ ...range, to: exits.accept })), exits.drop)
  asm.place(ipv4)
  emitIpv4(asm, exits, hosts)
  asm.place(ipv6)
  emitIpv6(asm, exits, hosts)
}

/** RFC 791 §3.1. */
function emitIpv4(asm: BpfAssembler, exits: Exits, hosts: readonly (readonly Prefix[])[]): void {
  asm.add(LD_H_IND, 6)
  asm.branch(JSET, 0x1fff, exits.accept, undefined)
  asm.add(LD_B_IND, 0)
  asm.add(AND, 0x0f)
  asm.add(LSH, 2)
  asm.add(ADD_X, 0)
  asm.add(TAX, 0)
  asm.add(STX, TRANSPORT)
  asm.add(LDX_MEM, NETWORK)
  asm.add(LD_B_IND, 9)
  emitTransport(asm, exits)
  emitHosts(asm, exits, hosts.map((set) => set.filter((p) => p.version === 4)), 12, 16)
}

/** RFC 8200 §3. */
function emitIpv6(asm: BpfAssembler, exits: Exits, hosts: readonly (readonly Prefix[])[]): void {
  asm.add(TXA, 0)
  asm.add(ADD, 40)
  asm.add(TAX, 0)
  asm.add(STX, TRANSPORT)
  asm.add(LDX_MEM, NETWORK)
  asm.add(LD_B_IND, 6)
  emitTransport(asm, exits)
  emitHosts(asm, exits, hosts.map((set) => set.filter((p) => p.version === 6)), 8, 24)
}

/** A is the protocol. Goes on for TCP, and for UDP that is no tunnel, with X at the network header. */
function emitTransport(asm: BpfAssembler, exits: Exits): void {
  const goOn = asm.label()
  const udp = asm.label()
  const noTunnel = asm.label()
  asm.branch(JEQ, TCP, goOn, undefined)
  asm.branch(JEQ, UDP, udp, undefined)
  emitIntervals(asm, WRAPPING_PROTOCOLS.map((p) => ({ low: p, high: p, to: exits.accept })), exits.drop)
  asm.place(udp)
  asm.add(LDX_MEM, TRANSPORT)
  const receiver = asm.label()
  const tunnels = TUNNEL_PORTS.map((range) => ({ ...range, to: exits.accept }))
  asm.add(LD_H_IND, 0)
  emitIntervals(asm, tunnels, receiver)
  asm.place(receiver)
  asm.add(LD_H_IND, 2)
  emitIntervals(asm, tunnels, noTunnel)
  asm.place(noTunnel)
  asm.add(LDX_MEM, NETWORK)
  asm.place(goOn)
}

/** Of each set, one of the two addresses; then on to the ports. */
function emitHosts(asm: BpfAssembler, exits: Exits, sets: readonly (readonly Prefix[])[], source: number, destination: number): void {
  for (const set of sets) {
    if (set.length === 0) return asm.jump(exits.drop)
    const next = asm.label()
    const other = asm.label()
    emitPrefixes(asm, set, source, next, other)
    asm.place(other)
    emitPrefixes(asm, set, destination, next, exits.drop)
    asm.place(next)
  }
  asm.jump(exits.ports)
}

function emitPorts(asm: BpfAssembler, { ports, notPorts }: { ports: PortSet, notPorts: PortSet }, exits: Exits): void {
  asm.add(LDX_MEM, TRANSPORT)
  if (notPorts.count > 0) {
    for (const offset of [0, 2]) {
      const fine = asm.label()
      emitPort(asm, notPorts, offset, exits.drop, fine)
      asm.place(fine)
    }
  }
  if (ports.count === 0) return
  const receiver = asm.label()
  emitPort(asm, ports, 0, exits.accept, receiver)
  asm.place(receiver)
  emitPort(asm, ports, 2, exits.accept, exits.drop)
}

function emitPort(asm: BpfAssembler, set: PortSet, offset: number, inside: Label, outside: Label): void {
  asm.add(LD_H_IND, offset)
  emitIntervals(asm, portRanges(set).map((range) => ({ ...range, to: inside })), outside)
}
