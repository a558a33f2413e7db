import type { LeafNames } from '../../identity/certificate-names.ts'
import type { ServiceAccount } from '../../identity/service-account.ts'
import { spiffeIdOfAccount } from '../../identity/service-account.ts'

/** What certificates of accounts are given by. `home`: the namespace of the control plane; `reserved`: what the CA itself is called. */
export interface AccountNaming { readonly trustDomain: string, readonly home: string, readonly reserved: readonly string[] }

/**
 * The SPIFFE ID of an account, and for accounts of the control plane the name of the service that is called like them: the API server calls a webhook by
 * name and looks at nothing else. Nobody else gets a DNS name: which services lead to a pod is for whoever may make services in its namespace to say.
 */
export function namesOfAccount(account: ServiceAccount, { trustDomain, home, reserved }: AccountNaming): LeafNames {
  const { namespace, name } = account
  const host = `${name}.${namespace}.svc`
  const isHost = namespace === home && !name.includes('.') && !reserved.includes(host)
  return { spiffeId: spiffeIdOfAccount(account, trustDomain), dnsNames: isHost ? [host] : [], ipAddresses: [] }
}
