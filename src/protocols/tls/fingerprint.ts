import { createHash } from 'node:crypto'
import type { ClientHello } from './client-hello.ts'
import { isGrease } from './code-points.ts'
import { ALPN, SERVER_NAME } from './extensions.ts'
import type { ServerHello } from './server-hello.ts'
import { SSL_2, SSL_3, TLS_1_0 } from './versions.ts'

/** JA3 (Salesforce, 2017): MD5 of `version,suites,extensions,groups,point formats` in the order sent, without GREASE. */
export function ja3(hello: ClientHello): string {
  return digest('md5', ja3Text(hello))
}

export function ja3Text(hello: ClientHello): string {
  const lists = [hello.suites, hello.extensions, hello.groups ?? [], hello.pointFormats ?? []]
  return [hello.legacyVersion, ...lists.map((list) => real(list).join('-'))].join(',')
}

/** JA3S: MD5 of `version,suite,extensions` of a ServerHello. */
export function ja3s(hello: ServerHello): string {
  return digest('md5', `${hello.legacyVersion},${hello.suite},${hello.extensions.join('-')}`)
}

/** JA4 (FoxIO, 2023): how it looks, hash of the sorted suites, hash of the sorted extensions and the signature schemes in order. */
export function ja4(hello: ClientHello): string {
  const suites = real(hello.suites)
  const extensions = real(hello.extensions)
  const counted = extensions.filter((e) => e !== SERVER_NAME && e !== ALPN)
  const schemes = real(hello.signatureSchemes ?? [])
  const sorted = hexList(counted.toSorted((a, b) => a - b))
  const start = 't' + versionCode(hello) + (hello.has(SERVER_NAME) ? 'd' : 'i') + twoDigits(suites.length) + twoDigits(extensions.length)
  return `${start}${alpnCode(hello)}_${shortHash(hexList(suites.toSorted((a, b) => a - b)))}`
    + `_${shortHash(schemes.length > 0 ? `${sorted}_${hexList(schemes)}` : sorted)}`
}

function versionCode(hello: ClientHello): string {
  const version = Math.max(0, ...real(hello.versions ?? []).filter((v) => v <= 0x0304)) || hello.legacyVersion
  if (version === SSL_2) return 's2'
  if (version === SSL_3) return 's3'
  return version >= TLS_1_0 && version <= 0x0304 ? `1${version - TLS_1_0}` : '00'
}

/** First and last character of the first protocol, of its hexadecimal form where they are not alphanumeric. */
function alpnCode(hello: ClientHello): string {
  const name = hello.alpn?.[0]
  if (name === undefined || name === '') return '00'
  if (name === 'GREASE') return '00'
  const ends = name.startsWith('0x') ? name.at(2)! + name.at(-1)! : name.at(0)! + name.at(-1)!
  if (/^[0-9a-zA-Z]{2}$/.test(ends)) return ends
  const hex = Buffer.from(name, 'latin1').toString('hex')
  return hex.at(0)! + hex.at(-1)!
}

const real = (list: readonly number[]): number[] => list.filter((value) => !isGrease(value))
const hexList = (list: readonly number[]): string => list.map((value) => value.toString(16).padStart(4, '0')).join(',')
const twoDigits = (count: number): string => String(Math.min(count, 99)).padStart(2, '0')
const shortHash = (text: string): string => text === '' ? '000000000000' : digest('sha256', text).slice(0, 12)
const digest = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex')
