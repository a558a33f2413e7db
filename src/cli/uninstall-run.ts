import { KubeClient } from '../kube/client.ts'
import { uninstall } from '../kube/install/uninstall.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { sayCluster } from './install-run.ts'
import { homeOf } from './install-options.ts'
import type { UninstallFlags } from './install.ts'
import { say } from './say.ts'

export async function runUninstall(flags: UninstallFlags): Promise<void> {
  const client = new KubeClient(readClusterAccess(flags))
  try {
    sayCluster(client)
    const namespace = homeOf(flags)
    const { found, unseen } = await uninstall(client, { namespace, keepData: flags.keepData === true, image: flags.image, pullSecrets: flags.imagePullSecret ?? [], namespaceOnly: flags.namespaceOnly !== undefined, force: flags.force === true, wait: flags.wait, say })
    say(found ? `nothing of mtlscope is left in the cluster${flags.keepData === true ? ' but the data on its nodes' : unseen === undefined ? '' : ', as far as it was looked at'}` : `nothing is installed in namespace ${namespace}`)
    if (unseen !== undefined) say(`not looked at: ${unseen}`)
  } finally {
    client.close()
  }
}
