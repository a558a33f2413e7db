import { KubeClient } from '../kube/client.ts'
import { hasSeveralNodes } from '../kube/install/injector-nodes.ts'
import type { InstallOptions } from '../kube/install/install-options.ts'
import { install } from '../kube/install/install.ts'
import { manifestText, partsOf, planManifests } from '../kube/install/plan-manifests.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import type { InstallFlags } from './install.ts'
import { installOptions } from './install-options.ts'
import { rightsText } from './install-rights-text.ts'
import { interruptSignal } from './interrupt.ts'
import { say, sayWarning } from './say.ts'

export async function runInstall(flags: InstallFlags): Promise<void> {
  const options = installOptions(flags)
  if (flags.explainRights === true) return void process.stdout.write(rightsText(options))
  sayLimits(options, flags)
  if (flags.dryRun === true) return void process.stdout.write(manifestText(planManifests(options)))
  const client = new KubeClient(readClusterAccess(flags))
  try {
    await applyInstallation(client, await fitted(client, options), flags, false)
  } finally {
    client.close()
  }
  say(`installed in namespace ${options.namespace}: ${partsOf(options).join(', ')}`)
}

/** To the cluster that it is for. */
export async function fitted(client: KubeClient, options: InstallOptions): Promise<InstallOptions> {
  return partsOf(options).includes('injector') ? { ...options, disruptionBudget: await hasSeveralNodes(client) } : options
}

/** Before anything is changed: the kubeconfig may lead to another cluster than one thinks. */
export function sayCluster({ access: { context, server } }: KubeClient): void {
  say(`cluster of context ${context}: ${server.host}`)
}

export async function applyInstallation(client: KubeClient, options: InstallOptions, flags: InstallFlags, prune: boolean): Promise<void> {
  sayCluster(client)
  const signal = interruptSignal()
  try {
    await install(client, options, { wait: flags.wait, timeoutMs: flags.timeout, keepFailed: flags.keep === true, prune, signal, say })
  } finally {
    signal.dispose()
  }
}

/** What does not work in one namespace. */
function sayLimits({ namespaceOnly, namespace, parts }: InstallOptions, { only }: InstallFlags): void {
  if (!namespaceOnly) return
  if (parts.includes('injector') && only !== undefined) sayWarning('no injector: its webhook is an object of the cluster; mtlscope inject rewrites manifests without it')
  sayWarning(`the CA can ask whose a token is only once an administrator lets it: kubectl create clusterrolebinding mtlscope-ca-${namespace} --clusterrole=system:auth-delegator --serviceaccount=${namespace}:mtlscope-ca`)
  if (parts.includes('agent')) sayWarning('agents see the whole node all the same, so the namespace has to allow Pod Security level privileged; they know names of this namespace only')
}
