const NUMBERS: Record<string, number> = {
  'icmp': 1, 'igmp': 2, 'ipencap': 4, 'tcp': 6, 'udp': 17, 'dccp': 33, 'ipv6': 41, 'gre': 47, 'esp': 50, 'ah': 51,
  'icmpv6': 58, 'ipv6-icmp': 58, 'sctp': 132, 'udplite': 136,
}
const NAMES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name]))

export const TCP = 6
export const UDP = 17
export const ICMP = 1
export const ICMP6 = 58
export const SCTP = 132

/** Number of an IP protocol by its name or number. */
export function protocolNumber(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : undefined
  return Object.hasOwn(NUMBERS, text.toLowerCase()) ? NUMBERS[text.toLowerCase()] : undefined
}

export function protocolName(number: number): string {
  return NAMES.get(number) ?? `protocol ${number}`
}

/** Whether its header begins with a source and a destination port. */
export function hasPorts(number: number): boolean {
  return number === TCP || number === UDP || number === SCTP || number === 33 || number === 136
}
