import { MtlscopeError } from '../base/errors.ts'
import type { ConfigCheck } from '../kube/inject/sidecar-config.ts'
import { parseSidecarYaml } from '../proxy/config/yaml-plan.ts'

const POD = { workload: 'pod', ipv6: true, folder: '/etc/mtlscope' }

/** Pods of one workload have the same configuration, and reading one is half of the work of an injection. */
const MAX_REMEMBERED = 500
const remembered = new Map<string, string | undefined>()

/** What the sidecar itself says of a configuration that injection makes. */
export const sidecarConfigCheck: ConfigCheck = (config) => {
  if (remembered.has(config)) return remembered.get(config)
  if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
  const why = objectionTo(config)
  remembered.set(config, why)
  return why
}

function objectionTo(config: string): string | undefined {
  try {
    parseSidecarYaml(config, 'mtlscope.yaml', POD)
    return undefined
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    const message = error.message.replace(/^mtlscope\.yaml:\d+:\d+: /, '')
    return error.hint === undefined ? message : `${message}; ${error.hint}`
  }
}
