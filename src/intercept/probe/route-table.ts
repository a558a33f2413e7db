export type RouteFamily = 4 | 6

/** Addresses that have a route: the first `length` bits of `bytes`. */
export interface RoutePrefix { readonly bytes: Uint8Array, readonly length: number }

/** linux/route.h, linux/ipv6_route.h: refused; of an own address; anycast; of one destination only. */
const REJECT = 0x200
const NO_PREFIX_6 = 0x8000_0000 + 0x10_0000 + 0x100_0000

/** What /proc/net/route has (numbers as the kernel of a little-endian machine writes them): routes that lead out of the namespace. Pure. */
export function parseRoutes4(text: string): RoutePrefix[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [device, destination = '', , flags = '', , , , mask = ''] = line.split('\t').map((field) => field.trim())
    if (!/^[0-9A-F]{8}$/i.test(destination) || !/^[0-9A-F]{8}$/i.test(mask) || device === 'lo' || (parseInt(flags, 16) & REJECT) !== 0) return []
    return [{ bytes: Buffer.from(destination, 'hex').reverse(), length: onesIn(Buffer.from(mask, 'hex')) }]
  })
}

/** What /proc/net/ipv6_route has, but for link-local and multicast prefixes. Pure. */
export function parseRoutes6(text: string): RoutePrefix[] {
  return text.split('\n').flatMap((line) => {
    const [destination = '', length = '', , , , , , , flags = '', device] = line.trim().split(/\s+/)
    if (!/^[0-9a-f]{32}$/i.test(destination) || device === 'lo' || isLocal(parseInt(flags, 16)) || /^(?:fe[89ab]|ff)/i.test(destination)) return []
    return [{ bytes: Buffer.from(destination, 'hex'), length: parseInt(length, 16) }]
  })
}

function isLocal(flags: number): boolean {
  return (flags & REJECT) !== 0 || (flags & NO_PREFIX_6) !== 0
}

function onesIn(mask: Uint8Array): number {
  return [...mask].reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0)
}

/** The address of that prefix whose other bits are those of `bits`, as text; `bits` has as many bytes. */
export function addressIn({ bytes, length }: RoutePrefix, bits: Uint8Array): string {
  const mixed = bytes.map((byte, index) => {
    const kept = 0xff & ~(0xff >> Math.min(8, Math.max(0, length - 8 * index)))
    return (byte & kept) | (bits[index]! & ~kept & 0xff)
  })
  if (mixed.length === 4) return mixed.join('.')
  return Buffer.from(mixed).toString('hex').replace(/(.{4})(?!$)/g, '$1:')
}
