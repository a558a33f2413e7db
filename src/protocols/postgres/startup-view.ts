import { plainText, hexOf, textOf } from '../sql/byte-text.ts'
import type { Redactor } from '../redaction.ts'
import { KeptReader } from './kept-reader.ts'
import type { Operation } from './operation.ts'

/** Names that no start-up should set on an object. */
const UNSAFE = new Set(['__proto__'])

/** `3.0`; the body begins with the version. */
export function versionText(body: string): string {
  const reader = new KeptReader(body)
  const major = reader.u16()
  return `${major}.${reader.u16()}`
}

/** Names and values, each ended by a NUL. */
export function startupParameters(body: string): Record<string, string> {
  const reader = new KeptReader(body)
  reader.u32()
  const parameters: Record<string, string> = {}
  for (let name = reader.text(); name !== '' && reader.ok; name = reader.text()) {
    const value = reader.text()
    if (!UNSAFE.has(name)) parameters[textOf(name)] = textOf(value)
  }
  return parameters
}

/** What the server reports about itself: bodies of ParameterStatus. */
function reportedParameters(bodies: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const body of bodies) {
    const reader = new KeptReader(body)
    const name = reader.text()
    if (!UNSAFE.has(name)) parameters[textOf(name)] = textOf(reader.text())
  }
  return parameters
}

export function notificationView(body: string, redactor: Redactor): object {
  const reader = new KeptReader(body)
  const processId = reader.u32()
  const channel = redactor.text(textOf(reader.text()))
  return { channel, payload: redactor.text(textOf(reader.text())), processId }
}

/** What stands behind a start-up's authentication. */
export function sessionView(op: Operation, redactor: Redactor): object {
  const key = op.keyData === undefined ? undefined : new KeptReader(op.keyData)
  return {
    processId: key?.u32(),
    secretKey: key === undefined ? undefined : redactor.credential(hexOf(op.keyData!.slice(4))),
    parameters: op.reported === undefined ? undefined : reportedParameters(op.reported),
    negotiated: op.negotiated === undefined ? undefined : negotiatedView(op.negotiated),
  }
}

function negotiatedView(body: string): object {
  const reader = new KeptReader(body)
  const version = reader.u32()
  const unknownOptions: string[] = []
  for (let count = reader.u32(); count > 0 && reader.ok; count--) {
    const name = reader.text()
    if (reader.ok) unknownOptions.push(textOf(name))
  }
  // Servers send the minor version alone or the whole number.
  return { version: version < 0x10000 ? `3.${version}` : `${version >>> 16}.${version & 0xffff}`, unknownOptions }
}

/** A secret as text or as hex, where it is shown at all. */
export function secretText(kept: string, redactor: Redactor): string {
  return redactor.credential(plainText(kept) ?? hexOf(kept))
}
