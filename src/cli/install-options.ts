import { MtlscopeError } from '../base/errors.ts'
import { checkInstallOptions, parseParts } from '../kube/install/install-options.ts'
import type { InstallOptions } from '../kube/install/install-options.ts'
import { PRODUCT } from '../kube/install/object-names.ts'
import type { InstallFlags } from './install.ts'

const DEFAULTS = { image: 'mtlscope:latest', trustDomain: 'cluster.local', keep: '1GiB,24h' }

/** What the flags ask for, then what is installed, then the defaults. Throws 'usage'. */
export function installOptions(flags: InstallFlags, installed: Partial<InstallOptions> = {}): InstallOptions {
  const options: InstallOptions = {
    namespace: homeOf(flags), namespaceOnly: flags.namespaceOnly !== undefined || installed.namespaceOnly === true,
    image: flags.image ?? installed.image ?? DEFAULTS.image, pullPolicy: flags.imagePullPolicy ?? installed.pullPolicy, pullSecrets: flags.imagePullSecret ?? installed.pullSecrets ?? [],
    trustDomain: flags.trustDomain ?? installed.trustDomain ?? DEFAULTS.trustDomain,
    keep: flags.keepTraffic ?? installed.keep ?? DEFAULTS.keep,
    parts: flags.only === undefined ? installed.parts ?? parseParts(undefined) : parseParts(flags.only),
    networkPolicy: flags.networkPolicy ?? installed.networkPolicy ?? false, nodeRules: flags.nodeRules ?? installed.nodeRules ?? false, managedBy: PRODUCT,
    disruptionBudget: installed.disruptionBudget ?? true,
  }
  checkInstallOptions(options)
  return options
}

/** The namespace that is meant. Throws 'usage' where two are. */
export function homeOf({ namespace, namespaceOnly }: { namespace?: string, namespaceOnly?: string }): string {
  if (namespace !== undefined && namespaceOnly !== undefined && namespace !== namespaceOnly) {
    throw new MtlscopeError('usage', '--namespace and --namespace-only name different ones', { hint: 'one is enough' })
  }
  return namespaceOnly ?? namespace ?? PRODUCT
}
