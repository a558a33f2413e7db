import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../base/errors.ts'
import { openCaIdentity } from '../identity/ca-identity.ts'
import type { Identity } from '../identity/material.ts'
import { KubeClient } from '../kube/client.ts'
import type { Admission } from '../kube/injector/admit-pod.ts'
import { InjectionEvents } from '../kube/injector/injection-events.ts'
import type { InjectorServer, KeyAndChain } from '../kube/injector/injector-server.ts'
import { openInjectorServer } from '../kube/injector/injector-server.ts'
import { OwnCertificate } from '../kube/injector/own-certificate.ts'
import { WebhookKeeper } from '../kube/injector/webhook-keeper.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { isObjectName } from '../kube/object-name.ts'
import type { InjectorFlags } from './injector.ts'
import { interruptSignal } from './interrupt.ts'
import { say, sayWarning } from './say.ts'
import { sidecarConfigCheck } from './sidecar-config-check.ts'

/** After the signal: the API server may be sent here until it knows that this one ends, and no pod may be refused for that. */
const RETIRED_MS = 8000

/** Until it is interrupted; resolves with the exit code. */
export async function runInjector(flags: InjectorFlags): Promise<number> {
  if (!isObjectName(flags.webhook)) throw new MtlscopeError('usage', `not the name of a webhook configuration: ${flags.webhook}`)
  const signal = interruptSignal()
  const client = new KubeClient(readClusterAccess({ ...flags.kubeconfig !== undefined && { kubeconfig: flags.kubeconfig }, ...flags.context !== undefined && { context: flags.context } }))
  const ca = flags.ca ?? `mtlscope-ca.${client.access.namespace}.svc:8443`
  let renewed: (identity: Identity) => void = () => {}
  const source = openCaIdentity({ address: ca, bundleFile: flags.caBundle, tokenFile: flags.tokenFile }, {
    changed: (identity) => renewed(identity), kept: (error) => sayWarning(`no new certificate: ${error.message}`),
  })
  try {
    const identity = await Promise.race([source.first, ended(signal)])
    if (identity === undefined) return 0
    const injector = await openInjector(flags, client, ca, identity)
    renewed = (next) => void injector.renew(next)
    await ended(signal)
    injector.retire()
    await sleep(RETIRED_MS)
    await injector.close()
    return 0
  } finally {
    source.close()
    client.close()
    signal.dispose()
  }
}

async function ended(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
}

interface Injector { renew(identity: Identity): Promise<void>, retire(): void, close(): Promise<void> }

async function openInjector(flags: InjectorFlags, client: KubeClient, ca: string, identity: Identity): Promise<Injector> {
  const keeper = new WebhookKeeper({ client, name: flags.webhook, now: Date.now, say, warn: sayWarning }, identity.material.bundlePem)
  const events = new InjectionEvents(client, sayWarning)
  const certificate = new OwnCertificate(identity.notAfterMs)
  const server: InjectorServer = await openInjectorServer({
    ...flags.listen, notReady: () => certificate.problem(Date.now()) ?? keeper.problem,
    addMetrics: (page) => {
      certificate.addMetrics(page)
      events.addMetrics(page)
    },
    inject: { image: flags.image, pullPolicy: flags.imagePullPolicy, pullSecrets: flags.imagePullSecret, ca: { address: flags.podCa ?? ca, audience: flags.audience }, mark: 'webhook', rules: flags.rules, check: sidecarConfigCheck },
    decided: (admission, namespace, isDryRun) => {
      if (!isDryRun) events.tell(namespace, admission, Date.now())
      tell(admission, namespace)
    },
  }, tlsOf(identity))
  say(`injecting as ${identity.name} on port ${server.port}`)
  void keeper.look()
  return {
    async renew(next) {
      // First the roots, then what stands under them.
      await keeper.keep(next.material.bundlePem)
      server.renew(tlsOf(next))
      certificate.renewed(next.notAfterMs)
      say(`certificate renewed, until ${new Date(next.notAfterMs).toISOString()}`)
    },
    retire: () => server.retire(),
    async close() {
      await Promise.all([keeper.close(), server.close()])
    },
  }
}

function tlsOf({ material }: Identity): KeyAndChain {
  return { key: material.keyPem, cert: material.chainPem }
}

function tell({ outcome, why, owner }: Admission, namespace: string): void {
  if (owner === undefined || (outcome === 'left' && why === undefined)) return
  const pod = `${namespace}/${owner.label} (${owner.reference.kind} ${owner.reference.name})`
  if (outcome === 'injected') say(`${pod} injected`)
  else say(`${pod} ${outcome === 'left' ? 'left alone' : 'refused'}${why === undefined ? '' : `: ${why}`}`)
}
