import { AGENT_CAPABILITIES, AGENT_RULES, agentManifestText } from '../kube/install/agent-manifests.ts'
import type { InstallFlags } from './install.ts'

export function runInstall({ namespace, image, imagePullPolicy, explainRights }: InstallFlags): void {
  if (explainRights === true) return explain()
  process.stdout.write(agentManifestText({ namespace, image, pullPolicy: imagePullPolicy }))
}

function explain(): void {
  const capabilities = Object.entries(AGENT_CAPABILITIES).map(([name, why]) => `${name.padEnd(16)} ${why}`)
  const rules = AGENT_RULES.map(({ verbs, resources }) => `${verbs.join(', ').padEnd(16)} ${resources.join(', ')}: names for processes and addresses`)
  process.stdout.write(['Capabilities on the node, none else:', ...capabilities, '', 'Rights in the API server, none else:', ...rules, '', 'hostPID          the processes of the node: a pod is found by the cgroup of its processes', ''].join('\n'))
}
