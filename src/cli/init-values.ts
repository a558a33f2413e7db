import { readFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { parsePrefix } from '../intercept/netfilter/address-range.ts'
import type { NumberRange } from '../intercept/netfilter/number-range.ts'

const MAX_PORT = 65_535
const MAX_ID = 0xffff_fffe
const MAX_ITEMS = 1000
const INTERFACE = /^[^\s/:!"]{1,15}\+?$/

function bad(flag: string, message: string, hint?: string): MtlscopeError {
  return new MtlscopeError('usage', `${flag}: ${message}`, { hint: hint ?? 'see: mtlscope init --help' })
}

function items(flag: string, text: string): string[] {
  const found = text.split(',').map((item) => item.trim()).filter((item) => item !== '')
  if (found.includes('*')) throw bad(flag, '* is not allowed here', '* stands for everything with -b and -i, and nowhere else')
  if (found.length > MAX_ITEMS) throw bad(flag, `more than ${MAX_ITEMS} items`)
  return found
}

/** `80,443,8000-8080`; `8000:8080` too. Throws 'usage'. */
export function portRanges(flag: string, text: string): NumberRange[] {
  return items(flag, text).map((item) => {
    const match = /^(\d{1,5})(?:[-:](\d{1,5}))?$/.exec(item)
    const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
    if (match === null) throw bad(flag, `not a port: ${item}`, 'example: 80,443,8000-8080')
    if (from < 1 || to > MAX_PORT || from > to) throw bad(flag, `no such port: ${item}`, 'ports are from 1 to 65535')
    return { from, to }
  })
}

export function onePort(flag: string, text: string): number {
  const [first, ...more] = portRanges(flag, text)
  if (first === undefined || more.length > 0 || first.from !== first.to) throw bad(flag, `not one port: ${text}`)
  return first.from
}

/** Networks of both families, mixed. */
export function networks(flag: string, text: string): string[] {
  return items(flag, text).map((item) => {
    if (parsePrefix(item) === undefined) throw bad(flag, `not a network: ${item}`, 'example: 10.0.0.0/8,fd00::/8')
    return item
  })
}

export function interfaceNames(flag: string, text: string): string[] {
  return items(flag, text).map((item) => {
    if (!INTERFACE.test(item)) throw bad(flag, `not the name of an interface: ${item}`)
    return item
  })
}

export function whole(flag: string, text: string, limit = MAX_ID): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : /^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : NaN
  if (!(number <= limit)) throw bad(flag, `not a number from 0 to ${limit}: ${text}`)
  return number
}

/** Users or groups by number or name. */
export function ids(flag: string, text: string, file: '/etc/passwd' | '/etc/group'): number[] {
  return items(flag, text).map((item) => /^\d+$/.test(item) ? whole(flag, item) : named(flag, item, file))
}

function named(flag: string, name: string, file: string): number {
  const id = idOfName(name, file)
  if (id === undefined) throw bad(flag, `${file} has no ${name}`, 'a number will do')
  return id
}

/** passwd(5), group(5): the third field is the number. */
export function idOfName(name: string, file: string): number | undefined {
  try {
    const line = readFileSync(file, 'utf8').split('\n').find((one) => one.startsWith(`${name}:`))
    const id = line?.split(':')[2]
    return id === undefined ? undefined : Number(id)
  } catch {
    return undefined
  }
}

/** Go's strconv.ParseBool, as Istio reads its variables. */
export function yes(flag: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false|)$/i.test(text)) return false
  throw bad(flag, `neither true nor false: ${text}`)
}
