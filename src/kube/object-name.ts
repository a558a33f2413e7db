const MAX_NAME = 253
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)

/** A name that an object of Kubernetes may have (RFC 1123 subdomain): safe within a path, too. */
export function isObjectName(text: string): boolean {
  return text.length <= MAX_NAME && NAME.test(text)
}
