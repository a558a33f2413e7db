import { MtlscopeError } from '../base/errors.ts'
import { KubeClient } from '../kube/client.ts'
import { readInstalledOptions } from '../kube/install/installed.ts'
import { partsOf } from '../kube/install/plan-manifests.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { applyInstallation, fitted } from './install-run.ts'
import type { InstallFlags } from './install.ts'
import { homeOf, installOptions } from './install-options.ts'
import { say, sayWarning } from './say.ts'

/** Like install, with what is installed as the defaults, and without what an older version had besides. */
export async function runUpgrade(flags: InstallFlags): Promise<void> {
  const client = new KubeClient(readClusterAccess(flags))
  try {
    const namespace = homeOf(flags)
    const installed = await readInstalledOptions(client, namespace)
    if (installed.parts.length === 0) throw new MtlscopeError('install-conflict', `nothing is installed in namespace ${namespace}`, { hint: 'where it lives: -n NAME; the first time: mtlscope install' })
    const options = installOptions(flags, installed)
    if (installed.trustDomain !== undefined && options.trustDomain !== installed.trustDomain) sayWarning(`the CA keeps the trust domain that it was made with: ${installed.trustDomain}`)
    await applyInstallation(client, { ...await fitted(client, options), trustDomain: installed.trustDomain ?? options.trustDomain }, flags, true)
    say(`namespace ${namespace} is up to date: ${partsOf(options).join(', ')}`)
  } finally {
    client.close()
  }
}
