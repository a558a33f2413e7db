/** Text of 4 or 16 bytes; empty for any other number. IPv6 as RFC 5952 says. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  const groups = Array.from({ length: 8 }, (_, i) => bytes[i * 2]! << 8 | bytes[i * 2 + 1]!)
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return `::ffff:${bytes.subarray(12).join('.')}`
  const { at, length } = longestZeros(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, at).join(':')}::${hex.slice(at + length).join(':')}`
}

function longestZeros(groups: readonly number[]): { at: number, length: number } {
  let best = { at: 0, length: 0 }
  let from = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue
    if (i - from > best.length) best = { at: from, length: i - from }
    from = i + 1
  }
  return best
}
