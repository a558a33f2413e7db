import { MtlscopeError } from '../base/errors.ts'
import { formatAddress, parseAddress } from '../net/address.ts'

/** The addresses of `--ip` in canonical text. Throws 'bad-filter' for one that is none, or that every namespace has. */
export function parseWantedAddresses(ips: readonly string[]): ReadonlySet<string> {
  return new Set(ips.map(canonical))
}

function canonical(ip: string): string {
  const address = parseAddress(ip)
  if (address === undefined) {
    throw new MtlscopeError('bad-filter', `not an address: ${ip}`, { hint: 'example: --ip 10.0.0.7,fd00::7', facts: { ip } })
  }
  const text = formatAddress(address.version, ...address.words)
  if (text === '::1' || text.startsWith('127.')) {
    throw new MtlscopeError('bad-filter', `${ip} is an address of every namespace`, { hint: 'give the address of a workload', facts: { ip } })
  }
  return text
}
