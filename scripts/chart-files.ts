import { readFileSync } from 'node:fs'
import { stringify } from 'yaml'
import type { InstallOptions, Part } from '../src/kube/install/install-options.ts'
import { PARTS } from '../src/kube/install/install-options.ts'
import type { Manifest } from '../src/kube/install/object-names.ts'
import { planNetworkPolicy } from '../src/kube/install/network-policies.ts'
import { planPart } from '../src/kube/install/plan-manifests.ts'
import { ROOT } from './checkout.ts'

const FOLDER = 'charts/mtlscope'
/** Stand for what Helm puts there; letters only, so that YAML writes them as they are. */
const TOKENS: Readonly<Record<string, string>> = {
  ZnamespaceZ: '.Release.Namespace', ZserviceZ: '.Release.Service', ZimageZ: '.Values.image', ZtrustZ: '.Values.trustDomain', ZkeepZ: '.Values.agent.keep',
}
const PULL = 'ZpullZ'
const SECRET = 'ZsecretZ'
const OPTIONS: InstallOptions = {
  namespace: 'ZnamespaceZ', image: 'ZimageZ', pullPolicy: PULL, pullSecrets: [SECRET], trustDomain: 'ZtrustZ', keep: 'ZkeepZ', parts: PARTS, namespaceOnly: false, networkPolicy: false, nodeRules: true, disruptionBudget: true, managedBy: 'ZserviceZ',
}

/** The Helm chart, made of the manifests that `mtlscope install` applies. */
export function chartFiles(): [path: string, text: string][] {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string }
  const resources = Object.fromEntries(PARTS.map((part) => [part, resourcesOf(planPart(part, OPTIONS))]))
  return [
    [`${FOLDER}/Chart.yaml`, stringify({
      apiVersion: 'v2', name: 'mtlscope', type: 'application', version, appVersion: version, kubeVersion: '>=1.28.0-0',
      description: 'See the traffic of a service mesh in the clear, prove that its wire is mutual TLS, secure apps with sidecars',
    }, { lineWidth: 0 })],
    [`${FOLDER}/values.yaml`, values(resources)],
    [`${FOLDER}/values.schema.json`, `${JSON.stringify(SCHEMA, undefined, 2)}\n`],
    [`${FOLDER}/templates/NOTES.txt`, NOTES],
    ...PARTS.map((part): [string, string] => [`${FOLDER}/templates/${part}.yaml`, template(part)]),
  ]
}

/** The CA is always there: the others get their certificates from it. */
function template(part: Part): string {
  const text = `${documents(planPart(part, OPTIONS), part)}{{- if .Values.networkPolicy }}\n---\n${documents([planNetworkPolicy(part, OPTIONS)], part)}{{- end }}\n`
  return part === 'ca' ? text : `{{- if .Values.${part}.enabled }}\n${text}{{- end }}\n`
}

function documents(manifests: readonly Manifest[], part: Part): string {
  return manifests.map((manifest) => {
    const text = fill(stringify(withSettings(manifest), { lineWidth: 0, aliasDuplicateObjects: false }), part)
    return manifest.kind === 'PodDisruptionBudget' ? `{{- if .Values.${part}.disruptionBudget }}\n${text}{{- end }}\n` : text
  }).join('---\n')
}

/** What only the chart lets people choose, as lines that `fill` makes templates of. */
function withSettings(manifest: Manifest): object {
  const spec = podSpec(manifest)
  if (spec === undefined) return manifest
  const copy = structuredClone(manifest) as Manifest
  const pod = podSpec(copy)!
  pod.containers[0]!.resources = 'ZresourcesZ'
  wrap(pod.containers, (container) => (container as { name?: string }).name === 'rules', 1)
  wrap(pod.containers[0]!.args, (arg) => arg === '--rules', 2)
  return { ...copy, spec: { ...copy.spec as object, template: { ...(copy.spec as { template: object }).template, spec: { ...pod, nodeSelector: 'ZnodesZ' } } } }
}

/** Puts lines around the items of a list that are there with `nodeRules` only. */
function wrap(items: unknown[], isFirst: (item: unknown) => boolean, count: number): void {
  const at = items.findIndex(isFirst)
  if (at >= 0) items.splice(at, count, 'ZrulesZ', ...items.slice(at, at + count), 'ZendZ')
}

interface PodSpec { containers: { resources: unknown, args: unknown[] }[] }

function podSpec({ spec }: Manifest): PodSpec | undefined {
  return (spec as { template?: { spec: PodSpec } } | undefined)?.template?.spec
}

function resourcesOf(manifests: readonly Manifest[]): unknown {
  return manifests.map(podSpec).find((spec) => spec !== undefined)?.containers[0]?.resources
}

function fill(yaml: string, part: Part): string {
  return yaml
    .replace(/^( *)- --image-pull-policy\n *- ZpullZ\n/m, '$1{{- with .Values.imagePullPolicy }}\n$1- --image-pull-policy\n$1- {{ . }}\n$1{{- end }}\n')
    .replace(/^( *)imagePullPolicy: ZpullZ\n/gm, '$1{{- with .Values.imagePullPolicy }}\n$1imagePullPolicy: {{ . }}\n$1{{- end }}\n')
    .replace(/^( *)- --image-pull-secret\n *- ZsecretZ\n/m, '$1{{- range .Values.imagePullSecrets }}\n$1- --image-pull-secret\n$1- {{ .name | quote }}\n$1{{- end }}\n')
    .replace(/^( *)imagePullSecrets:\n *- name: ZsecretZ\n/m, '$1{{- with .Values.imagePullSecrets }}\n$1imagePullSecrets: {{ toJson . }}\n$1{{- end }}\n')
    .replace(/^( *)nodeSelector: ZnodesZ\n/m, `$1{{- with .Values.${part}.nodeSelector }}\n$1nodeSelector: {{ toJson . }}\n$1{{- end }}\n`)
    .replace('ZresourcesZ', `{{ toJson .Values.${part}.resources }}`)
    .replace(/^( *)- ZrulesZ\n/gm, '$1{{- if .Values.nodeRules }}\n')
    .replace(/^( *)- ZendZ\n/gm, '$1{{- end }}\n')
    // A whole value is quoted, since a namespace may be called 123.
    .replace(/(?<=[:-] )(Z[a-z]+Z)$/gm, (_, token: string) => `{{ ${TOKENS[token]!} | quote }}`)
    .replace(/Z[a-z]+Z/g, (token) => `{{ ${TOKENS[token]!} }}`)
}

function values(resources: Readonly<Record<string, unknown>>): string {
  const of = (part: Part): string => stringify({ resources: resources[part], nodeSelector: {} }, { lineWidth: 0 }).trimEnd().replace(/^/gm, '  ')
  return `# The container image of mtlscope, for all parts.
image: mtlscope:latest
# Always, IfNotPresent or Never; empty: what Kubernetes does by itself.
imagePullPolicy: ""
# Names of secrets that the image is pulled with, in this namespace and in those of injected pods: [{ name: registry }]
imagePullSecrets: []
# Of the identities that the CA gives. It keeps the one that it was made with.
trustDomain: cluster.local
# NetworkPolicies for the parts, where the network enforces them.
networkPolicy: false
# Agents set the rules of injected pods, which then need no NET_ADMIN. Needs agent and injector.
nodeRules: false

# Certificates for sidecars and for the other parts, which cannot be without it.
ca:
${of('ca')}

# Sidecars into new pods of namespaces labelled mtlscope.io/inject=enabled.
injector:
  enabled: true
  # Of two pods one stays while nodes are drained. A cluster that has one node only cannot be drained with it.
  disruptionBudget: true
${of('injector')}

# One a node; see its traffic. The namespace must allow Pod Security level privileged.
agent:
  enabled: true
  # How much and how long each stores.
  keep: 1GiB,24h
${of('agent')}

# Brings the agents together.
hub:
  enabled: true
${of('hub')}
`
}

const NOTES = `mtlscope is in namespace {{ .Release.Namespace }}.

See traffic:                  mtlscope tap -A
Put sidecars into new pods:   kubectl label namespace NAME mtlscope.io/inject=enabled
{{- if .Values.agent.enabled }}
Agents need:                  kubectl label --overwrite namespace {{ .Release.Namespace }} pod-security.kubernetes.io/enforce=privileged
{{- end }}

\`helm uninstall\` leaves what the parts made themselves: /var/lib/mtlscope on the nodes, the ConfigMap mtlscope-ca in namespaces with sidecars.
Afterwards: mtlscope uninstall -n {{ .Release.Namespace }} --image {{ .Values.image }}
`

const TEXT = { type: 'string' }
const part = (more: object = {}): object => ({ type: 'object', additionalProperties: false, properties: { ...more, resources: { type: 'object' }, nodeSelector: { type: 'object', additionalProperties: TEXT } } })
const SCHEMA = {
  $schema: 'https://json-schema.org/draft-07/schema#', type: 'object', additionalProperties: false, required: ['image', 'trustDomain'],
  properties: {
    global: { type: 'object' },
    image: { type: 'string', minLength: 1, pattern: '^\\S+$' },
    imagePullPolicy: { enum: ['', 'Always', 'IfNotPresent', 'Never'] },
    imagePullSecrets: { type: 'array', items: { type: 'object', additionalProperties: false, required: ['name'], properties: { name: TEXT } } },
    trustDomain: { type: 'string', pattern: '^[a-z0-9._-]+$' },
    networkPolicy: { type: 'boolean' },
    nodeRules: { type: 'boolean' },
    ca: part(), injector: part({ enabled: { type: 'boolean' }, disruptionBudget: { type: 'boolean' } }), agent: part({ enabled: { type: 'boolean' }, keep: TEXT }), hub: part({ enabled: { type: 'boolean' } }),
  },
}
