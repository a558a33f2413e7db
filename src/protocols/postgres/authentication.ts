import { textOf } from '../sql/byte-text.ts'
import type { Redactor } from '../redaction.ts'
import { KeptReader } from './kept-reader.ts'
import type { Operation } from './operation.ts'
import { secretText, sessionView } from './startup-view.ts'

/** Kinds of Authentication messages (§ protocol-message-formats). */
const METHODS: Record<number, string> = {
  2: 'kerberos-v5', 3: 'cleartext', 4: 'crypt', 5: 'md5', 6: 'scm-credential', 7: 'gss', 9: 'sspi', 10: 'sasl',
}
const OK = 0
const GSS_CONTINUE = 8
const SASL = 10
const SASL_CONTINUE = 11
const SASL_FINAL = 12
const MAX_MECHANISMS = 16



function kindOf(body: string): number {
  const reader = new KeptReader(body)
  reader.u8()
  return reader.u32()
}

/** What the client sent to prove who it is. `said`: `R…` of the server and `p…` of the client, in the order of capture. */
export function authenticationAnswers(said: readonly string[] | undefined, redactor: Redactor): object {
  let asked = -1
  let mechanism: string | undefined
  const sasl: string[] = []
  let password: string | undefined
  for (const body of said ?? []) {
    if (body.startsWith('R')) asked = kindOf(body)
    else if (asked === SASL) mechanism = initialResponse(body.slice(1), sasl, redactor)
    else if (asked === SASL_CONTINUE || asked === GSS_CONTINUE) sasl.push(secretText(body.slice(1), redactor))
    else password = secretText(body.slice(1).replace(/\0$/, ''), redactor)
  }
  return { mechanism, password, responses: sasl.length > 0 ? sasl : undefined }
}

/** SASLInitialResponse: mechanism, then the size of the response (-1: none), then that. */
function initialResponse(body: string, sasl: string[], redactor: Redactor): string {
  const reader = new KeptReader(body)
  const mechanism = textOf(reader.text())
  const size = reader.i32()
  if (size >= 0) sasl.push(secretText(reader.take(size), redactor))
  return mechanism
}

/** How the server let the client in, and what it told about the session. */
export function authenticationView(op: Operation, redactor: Redactor): object {
  if (op.kind !== 'startup') return op.reported === undefined ? {} : { parameters: (sessionView(op, redactor) as { parameters?: object }).parameters }
  let method: string | undefined
  let mechanisms: string[] | undefined
  let accepted = false
  const challenges: string[] = []
  for (const body of op.authentication ?? []) {
    if (!body.startsWith('R')) continue
    const kind = kindOf(body)
    if (kind === OK) accepted = true
    else if (kind === GSS_CONTINUE || kind === SASL_CONTINUE || kind === SASL_FINAL) challenges.push(secretText(body.slice(5), redactor))
    else method ??= METHODS[kind] ?? `method ${kind}`
    if (kind === SASL) mechanisms = mechanismsOf(body)
  }
  return {
    authentication: { method: method ?? (accepted ? 'trust' : undefined), mechanisms, challenges: challenges.length > 0 ? challenges : undefined, accepted },
    ...sessionView(op, redactor),
  }
}

function mechanismsOf(body: string): string[] {
  const reader = new KeptReader(body.slice(5))
  const names: string[] = []
  for (let name = reader.text(); name !== '' && reader.ok && names.length < MAX_MECHANISMS; name = reader.text()) names.push(textOf(name))
  return names
}
