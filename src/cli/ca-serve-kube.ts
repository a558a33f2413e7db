import { MtlscopeError } from '../base/errors.ts'
import type { MetricsPage } from '../base/metrics-page.ts'
import { AuditStream } from '../identity/authority/audit-stream.ts'
import { Authority } from '../identity/authority/authority.ts'
import type { CaStore } from '../identity/authority/ca-store.ts'
import type { Callers } from '../identity/authority/callers.ts'
import { initCa } from '../identity/authority/changes.ts'
import { openCaServer } from '../identity/authority/server.ts'
import { TokenStore } from '../identity/authority/token-file.ts'
import { TokenReviews } from '../kube/authority/token-reviews.ts'
import { TrustPublisher } from '../kube/authority/trust-publisher.ts'
import type { OpenSecret } from './ca-secret.ts'
import { openSecretStore } from './ca-secret.ts'
import type { CaServeFlags } from './ca-serve.ts'
import { sayServing, serverOptions, untilAborted } from './ca-serve.ts'
import { interruptSignal } from './interrupt.ts'
import { say, sayWarning } from './say.ts'

const DEFAULT_TRUST_DOMAIN = 'cluster.local'
const BY = 'serve'

/** `ca serve` with its state in a Secret, for the accounts of a cluster; resolves with the exit code. */
export async function serveInCluster(flags: CaServeFlags): Promise<number> {
  requireFlags(flags)
  const signal = interruptSignal()
  const secret = openSecretStore(flags.kubeSecret!, flags, new AuditStream(process.stdout))
  try {
    await ensureCa(secret.store, flags)
    const authority = new Authority({ store: secret.store, by: BY, warn: sayWarning })
    const callers = await callersOf(flags, secret, authority)
    const measured: { addMetrics(page: MetricsPage): void }[] = callers instanceof TokenReviews ? [callers] : []
    const server = await openCaServer({
      authority, callers, audit: secret.store.audit, ...serverOptions(flags),
      addMetrics: (page) => { for (const one of measured) one.addMetrics(page) },
    })
    await sayServing(authority, server)
    const publisher = new TrustPublisher({
      client: secret.client, home: secret.place.namespace, bundle: async () => (await authority.current(Date.now())).bundlePem, say, warn: sayWarning,
    })
    measured.push(publisher)
    await untilAborted(signal)
    await Promise.all([publisher.close(), server.close()])
    return 0
  } finally {
    secret.client.close()
    signal.dispose()
  }
}

function requireFlags({ dir, kubeSecret, tokens, tokenReview }: CaServeFlags): void {
  const bad = (message: string, hint: string): MtlscopeError => new MtlscopeError('usage', message, { hint })
  if (kubeSecret === undefined) throw bad('--token-review goes with --kube-secret', 'as in: --kube-secret mtlscope/mtlscope-ca-state')
  if (dir !== undefined) throw bad('--dir and --kube-secret name two places', 'give one of the two')
  if (tokenReview === true && tokens !== undefined) throw bad('--token-review and --tokens are two ways to know callers', 'give one of the two')
  if (tokenReview !== true && tokens === undefined) throw bad('nobody could get a certificate', 'say who may: --token-review, or --tokens FILE')
}

/** Makes the CA at the first start. Another one that is as far in the same moment is not replaced: whoever was first has made it. */
async function ensureCa(store: CaStore, { trustDomain, maxTtl, caName }: CaServeFlags): Promise<void> {
  if (!await store.hasState()) {
    try {
      const settings = { trustDomain: trustDomain ?? DEFAULT_TRUST_DOMAIN, name: caName, dnsDomains: [], maxTtlMillis: maxTtl }
      await initCa(store, settings, { by: BY, nowMillis: Date.now() })
      say(`made a CA for trust domain ${settings.trustDomain} in ${store.path}`)
    } catch (error) {
      if (!(error instanceof MtlscopeError) || error.code !== 'ca-exists') throw error
    }
  }
  const state = await store.readState()
  if (trustDomain === undefined || state.trustDomain === trustDomain) return
  throw new MtlscopeError('ca-state', `the CA in ${store.path} is that of trust domain ${state.trustDomain}, not ${trustDomain}`, { hint: 'a trust domain cannot be changed: name another Secret, or leave --trust-domain away', facts: { trustDomain } })
}

async function callersOf({ tokens, audience, name }: CaServeFlags, { client, place }: OpenSecret, authority: Authority): Promise<Callers> {
  if (tokens !== undefined) return new TokenStore(tokens, sayWarning)
  const { state } = await authority.current(Date.now())
  return new TokenReviews({ client, audience, naming: { trustDomain: state.trustDomain, home: place.namespace, reserved: name ?? [] } })
}
