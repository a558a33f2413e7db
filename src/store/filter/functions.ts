import type { FunctionInfo } from '../../model/api.ts'
import type { FilterValue } from './value.ts'
import { memberOf, sizeOf } from './value.ts'

/** What the library does not bring along. Types only: it parses and checks, and evaluates nothing here. */
export const FUNCTION_SIGNATURES: readonly string[] = [
  'map_get(dyn, dyn, dyn): dyn', 'now(): google.protobuf.Timestamp', 'datetime(string): google.protobuf.Timestamp', 'string.json(): dyn',
]

type Call = (args: readonly FilterValue[]) => FilterValue

const text = (value: FilterValue | undefined): string | undefined => typeof value === 'string' ? value : undefined

/** A function of texts: false where one of them is none. */
function ofTexts(call: (subject: string, other: string) => boolean): Call {
  return ([subject, other]) => typeof subject === 'string' && typeof other === 'string' && call(subject, other)
}

/** A text as a number; null where it is none. */
function toNumber(value: FilterValue | undefined): number | null {
  const number = typeof value === 'string' ? value.trim() === '' ? NaN : Number(value) : typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : NaN
  return Number.isFinite(number) ? number : null
}

function parsed(value: FilterValue | undefined): FilterValue {
  if (typeof value !== 'string') return null
  try {
    return JSON.parse(value) as FilterValue
  } catch {
    return null
  }
}

/** Microseconds of `timestamp("2026-11-21T12:00:00Z")`, and of Mizu's `datetime("11/21/2026, 12:00:00.000 PM")`, which is UTC. */
function instant(value: FilterValue | undefined, suffix: string): number | null {
  if (typeof value === 'number') return value * 1e6
  const ms = Date.parse(`${text(value) ?? ''}${suffix}`)
  return Number.isNaN(ms) ? null : ms * 1000 + microsBelow(text(value) ?? '')
}

/** The digits behind the milliseconds, which Date does not keep. */
function microsBelow(time: string): number {
  return Number((/\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? '0').padEnd(3, '0'))
}

const UNIT_MICROS: Readonly<Record<string, number>> = { h: 3600e6, m: 60e6, s: 1e6, ms: 1e3, us: 1, 'µs': 1, ns: 1e-3 }

/** `1h30m`, `250ms`. */
export function durationMicros(value: FilterValue | undefined): number | null {
  const whole = text(value) ?? ''
  const parts = [...whole.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== whole.replace(/^[-+]/, '')) return null
  const micros = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MICROS[unit!]!, 0)
  return whole.startsWith('-') ? -micros : micros
}

const regexps = new Map<string, RegExp | undefined>()
const MAX_REGEXPS = 200

/** RE2's inline flags at the beginning are understood; what is no expression matches nothing. */
export function regexpOf(source: string): RegExp | undefined {
  if (regexps.has(source)) return regexps.get(source)
  if (regexps.size >= MAX_REGEXPS) regexps.clear()
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? []
  let made: RegExp | undefined
  try {
    made = new RegExp(rest, `u${[...new Set(flags)].join('')}`)
  } catch {
    made = undefined
  }
  regexps.set(source, made)
  return made
}

/** Functions and methods by name; the subject of a method is the first argument. Nothing throws: what does not fit is null or false. */
export const CALLS: Readonly<Record<string, Call>> = {
  contains: ofTexts((subject, other) => subject.includes(other)),
  startsWith: ofTexts((subject, other) => subject.startsWith(other)),
  endsWith: ofTexts((subject, other) => subject.endsWith(other)),
  matches: ofTexts((subject, other) => regexpOf(other)?.test(subject) ?? false),
  lowerAscii: ([subject]) => text(subject)?.replace(/[A-Z]/g, (c) => c.toLowerCase()) ?? null,
  upperAscii: ([subject]) => text(subject)?.replace(/[a-z]/g, (c) => c.toUpperCase()) ?? null,
  trim: ([subject]) => text(subject)?.trim() ?? null,
  split: ([subject, by]) => typeof subject === 'string' && typeof by === 'string' ? subject.split(by) : null,
  json: ([subject]) => parsed(subject),
  size: ([subject]) => sizeOf(subject ?? null),
  map_get: ([map, key, other]) => memberOf(map ?? null, key ?? null) ?? other ?? null,
  timestamp: ([time]) => instant(time, ''),
  datetime: ([time]) => instant(time, ' UTC'),
  duration: ([time]) => durationMicros(time),
  int: ([value]) => { const n = toNumber(value); return n === null ? null : Math.trunc(n) },
  uint: ([value]) => { const n = toNumber(value); return n === null || n < 0 ? null : Math.trunc(n) },
  double: ([value]) => toNumber(value),
  string: ([value]) => value === null || value === undefined ? null : typeof value === 'object' ? JSON.stringify(value) : String(value),
  dyn: ([value]) => value ?? null,
  bool: ([value]) => typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : null,
}

export const FUNCTIONS: readonly FunctionInfo[] = [
  { name: 'contains', usage: 'path.contains("/api")', what: 'the text has it' },
  { name: 'startsWith', usage: 'path.startsWith("/api")', what: 'the text begins with it' },
  { name: 'endsWith', usage: 'path.endsWith(".js")', what: 'the text ends with it' },
  { name: 'matches', usage: 'path.matches("^/cart/[0-9]+$")', what: 'a regular expression finds something in the text' },
  { name: 'size', usage: 'size(notes) > 0', what: 'length of a text, number of elements or members' },
  { name: 'exists', usage: 'dns_answers.exists(a, a == "10.0.0.7")', what: 'true for one element at least; all(), exists_one(), filter() and map() likewise' },
  { name: 'has', usage: 'has(request.grpc)', what: 'it is there' },
  { name: 'map_get', usage: 'map_get(request.headers, "x-user", "none")', what: 'the member, or the third argument' },
  { name: 'lowerAscii', usage: 'host.lowerAscii() == "shop"', what: 'in small letters; upperAscii(), trim() likewise' },
  { name: 'json', usage: 'request.text.json().sku == "tea"', what: 'the text read as JSON' },
  { name: 'timestamp', usage: 'timestamp > timestamp("2026-11-21T12:00:00Z")', what: 'a point in time' },
  { name: 'duration', usage: 'timestamp > now() - duration("5m")', what: 'a length of time: h, m, s, ms, us' },
  { name: 'now', usage: 'now() - duration("1h")', what: 'the time when the filter was made' },
  { name: 'int', usage: 'int(request.headers["content-length"]) > 1000', what: 'as a whole number; double(), string(), bool() likewise' },
]
