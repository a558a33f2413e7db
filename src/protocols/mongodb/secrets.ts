import type { Redactor } from '../redaction.ts'
import type { Json } from './bson.ts'

/** Commands whose bodies and replies prove who somebody is. */
const AUTHENTICATING: ReadonlySet<string> = new Set(['saslStart', 'saslContinue', 'authenticate', 'copydbsaslstart', 'copydbgetnonce', 'getnonce', 'logout'])
const PASSWORD_SETTING: ReadonlySet<string> = new Set(['createUser', 'updateUser'])
/** What is hidden where a document is about authentication. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['payload', 'key', 'nonce', 'pwd', 'token'])
const SPECULATIVE = 'speculativeAuthenticate'
/** Of each user that usersInfo tells of with showCredentials. */
const CREDENTIALS = 'credentials'

type Document = { readonly [key: string]: Json }

/** A command or its reply with what is secret replaced. `command`: the name of the command, where it is known. */
export function hideSecrets(document: Json, command: string | undefined, redactor: Redactor): Json {
  if (!redactor.credentials || !isDocument(document)) return document
  if (Array.isArray(document['users'])) return { ...document, users: document['users'].map((user: Json) => withoutCredentials(user, redactor)) }
  const isAuthentication = (command !== undefined && AUTHENTICATING.has(command)) || ('conversationId' in document && 'payload' in document)
  const isPassword = command !== undefined && PASSWORD_SETTING.has(command)
  if (!isAuthentication && !isPassword && !(SPECULATIVE in document)) return document
  const shown: Record<string, Json> = Object.create(null) as Record<string, Json>
  for (const [name, value] of Object.entries(document)) {
    if (name === SPECULATIVE) shown[name] = hideSecrets(value, 'saslStart', redactor)
    else if (isAuthentication ? SECRET_FIELDS.has(name) : isPassword && name === 'pwd') shown[name] = redactor.credential('')
    else shown[name] = value
  }
  return shown
}

function withoutCredentials(user: Json, redactor: Redactor): Json {
  return isDocument(user) && CREDENTIALS in user ? { ...user, [CREDENTIALS]: redactor.credential('') } : user
}

export function isDocument(value: Json | undefined): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
