import { MAX_TYPE_CHARS } from './limits.ts'

/** Type and subtype of a Content-Type, lower case, without parameters (RFC 9110 §8.3.1). */
export function essenceOf(contentType: string): string {
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g

/** A parameter of a Content-Type or Content-Disposition, unquoted (RFC 9110 §5.6.6). `name` in lower case. */
export function parameterOf(value: string, name: string): string | undefined {
  if (!value.includes('=')) return undefined
  for (const [, found, quoted, plain] of value.slice(0, MAX_TYPE_CHARS).matchAll(PARAMETER)) {
    if (found!.toLowerCase() === name) return quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, '$1')
  }
  return undefined
}
