/** An account of Kubernetes that pods run as. */
export interface ServiceAccount { readonly namespace: string, readonly name: string }

const NAME = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?'
const USER = new RegExp(`^system:serviceaccount:(${NAME}):(${NAME})$`)

/** Of a user name of the API server, or the subject of a token: `system:serviceaccount:NAMESPACE:NAME`. Undefined for other users. */
export function parseServiceAccount(user: string): ServiceAccount | undefined {
  const [, namespace, name] = USER.exec(user) ?? []
  return namespace === undefined || name === undefined || namespace.includes('.') ? undefined : { namespace, name }
}

/** `spiffe://cluster.local/ns/shop/sa/web`, as Istio writes them. */
export function spiffeIdOfAccount({ namespace, name }: ServiceAccount, trustDomain: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${name}`
}
