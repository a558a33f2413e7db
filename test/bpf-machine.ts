/** A frame as the kernel presents it to a packet filter. */
export interface SkBuff {
  bytes: Uint8Array
  /** Where the network header begins. */
  network: number
  /** EtherType as the kernel sees it, with tags taken out. */
  protocol: number
  hardwareType: number
  packetType: number
}

const SKF_AD_OFF = -0x1000
const SKF_NET_OFF = -0x100000

/** Runs a classic BPF program as the kernel does (Documentation/networking/filter.rst). Returns the bytes kept; a load outside the packet ends it with 0. */
export function runBpf(program: Uint8Array, skb: SkBuff): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  const count = program.length / 8
  const memory = new Array<number | undefined>(16)
  let a = 0
  let x = 0
  for (let pc = 0; pc < count; pc++) {
    const code = view.getUint16(pc * 8, true)
    const jt = program[pc * 8 + 2]
    const jf = program[pc * 8 + 3]
    const k = view.getUint32(pc * 8 + 4, true)
    switch (code) {
      case 0x06: return k
      case 0x20: case 0x28: case 0x30: case 0x40: case 0x48: case 0x50: {
        const value = load(skb, (code & 0x40) === 0 ? k | 0 : (k + x) | 0, code & 0x18)
        if (value === undefined) return 0
        a = value
        break
      }
      case 0x01: x = k; break
      case 0x61: x = stored(memory, k); break
      case 0x60: a = stored(memory, k); break
      case 0x02: memory[k] = a; break
      case 0x03: memory[k] = x; break
      case 0x07: x = a; break
      case 0x87: a = x; break
      case 0x04: a = (a + k) >>> 0; break
      case 0x0c: a = (a + x) >>> 0; break
      case 0x54: a = (a & k) >>> 0; break
      case 0x64: a = (a << k) >>> 0; break
      case 0x05: pc += k; break
      case 0x15: pc += a === k ? jt : jf; break
      case 0x35: pc += a >= k ? jt : jf; break
      case 0x45: pc += (a & k) !== 0 ? jt : jf; break
      default: throw new Error(`instruction ${pc}: unknown code 0x${code.toString(16)}`)
    }
    if (pc + 1 >= count) throw new Error(`instruction ${pc} leads out of the program`)
  }
  throw new Error('the program does not return')
}

function stored(memory: readonly (number | undefined)[], index: number): number {
  const value = memory[index]
  if (value === undefined) throw new Error(`memory ${index} is read before it is written`)
  return value
}

function load({ bytes, network, protocol, hardwareType, packetType }: SkBuff, offset: number, size: number): number | undefined {
  if (offset === SKF_AD_OFF) return protocol
  if (offset === SKF_AD_OFF + 4) return packetType
  if (offset === SKF_AD_OFF + 28) return hardwareType
  const at = offset >= 0 ? offset : offset >= SKF_NET_OFF && offset < SKF_AD_OFF ? network + offset - SKF_NET_OFF : -1
  const length = size === 0x00 ? 4 : size === 0x08 ? 2 : 1
  if (at < 0 || at + length > bytes.length) return undefined
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]
  return value
}
