import { isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml'
import type { Document } from 'yaml'
import { MtlscopeError } from '../../base/errors.ts'
import { fields } from '../fields.ts'
import type { InjectOptions, Injection } from './inject-pod.ts'
import { planInjection } from './inject-pod.ts'

/** What became of one object. */
export interface InjectOutcome { readonly object: string, readonly injected: boolean, readonly says: readonly string[] }

export interface InjectedManifest { readonly text: string, readonly outcomes: readonly InjectOutcome[] }

/** What is said twice is written twice, for people and for parsers that know no aliases. */
const PLAIN = { aliasDuplicateObjects: false }

type Path = readonly (string | number)[]

const TEMPLATE = ['spec', 'template']
const TEMPLATES: Readonly<Record<string, Path>> = {
  Pod: [], Deployment: TEMPLATE, StatefulSet: TEMPLATE, DaemonSet: TEMPLATE, ReplicaSet: TEMPLATE, ReplicationController: TEMPLATE, Job: TEMPLATE, CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/**
 * Rewrites the manifests of a text in YAML or JSON, any number of documents and lists; comments, order and all other objects stay.
 * Throws 'bad-manifest' with document and object. Done twice it changes nothing more.
 */
export function injectManifest(text: string, options: InjectOptions): InjectedManifest {
  const documents = parseAllDocuments(text, { logLevel: 'silent' })
  const outcomes: InjectOutcome[] = []
  if (!Array.isArray(documents)) return { text, outcomes }
  for (const [index, document] of documents.entries()) {
    if (document.errors.length > 0) throw new MtlscopeError('bad-manifest', `document ${index + 1} is not YAML: ${document.errors[0]!.message.split('\n')[0]!.replace(/:$/, '')}`, { facts: { document: index + 1 } })
    injectObject(document as Document, [], valueOf(document as Document, index), index, options, outcomes)
  }
  if (!outcomes.some(({ injected }) => injected)) return { text, outcomes }
  return { text: isJson(text) ? `${JSON.stringify(documents[0]!.toJS(), undefined, 2)}\n` : documents.map(yamlText).join(''), outcomes }
}

/** kubectl takes a stream that begins with a brace for JSON: one that is JSON stays so, and of another one the braces go. */
function yamlText(document: { contents: unknown, toString(options: object): string }, index: number): string {
  if (isMap(document.contents)) document.contents.flow = false
  return `${index === 0 ? '' : '---\n'}${document.toString({ lineWidth: 0, directives: false })}`
}

function isJson(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function valueOf(document: Document, index: number): unknown {
  try {
    return document.toJS()
  } catch {
    throw new MtlscopeError('bad-manifest', `document ${index + 1} has too many aliases`, { facts: { document: index + 1 } })
  }
}

function injectObject(document: Document, path: Path, value: unknown, index: number, options: InjectOptions, outcomes: InjectOutcome[]): void {
  const object = fields(value)
  const kind = typeof object.kind === 'string' ? object.kind : ''
  if (kind === 'List' && Array.isArray(object.items)) {
    for (const [n, item] of object.items.entries()) injectObject(document, [...path, 'items', n], item, index, options, outcomes)
    return
  }
  const way = Object.hasOwn(TEMPLATES, kind) ? TEMPLATES[kind] : undefined
  if (way === undefined) return
  const metadata = fields(object.metadata)
  const name = typeof metadata.name === 'string' ? metadata.name : typeof metadata.generateName === 'string' ? metadata.generateName : '?'
  const label = `${kind}/${name}`
  const template = way.reduce<unknown>((part, key) => fields(part)[key], object)
  try {
    const plan = planInjection({ metadata: fields(fields(template).metadata), spec: fields(fields(template).spec) }, name, options)
    if (plan.kind === 'inject') apply(document, [...path, ...way], plan.injection)
    outcomes.push(plan.kind === 'inject' ? { object: label, injected: true, says: plan.injection.notes } : { object: label, injected: false, says: [plan.why] })
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    throw new MtlscopeError(error.code, `document ${index + 1}, ${label}: ${error.message}`, { hint: error.hint, facts: { ...error.facts, document: index + 1, object: label } })
  }
}

function apply(document: Document, template: Path, { annotations, initContainers, volumes, imagePullSecrets }: Injection): void {
  for (const [key, value] of Object.entries(annotations)) setDeep(document, [...template, 'metadata', 'annotations'], key, value)
  addAll(document, [...template, 'spec', 'initContainers'], initContainers, 'first')
  addAll(document, [...template, 'spec', 'volumes'], volumes, 'last')
  if (imagePullSecrets.length > 0) addAll(document, [...template, 'spec', 'imagePullSecrets'], imagePullSecrets, 'last')
}

function setDeep(document: Document, path: Path, key: string, value: string): void {
  if (!isMap(presentAt(document, path, 'mapping'))) document.setIn(path, document.createNode({}))
  document.setIn([...path, key], value)
}

function addAll(document: Document, path: Path, values: readonly object[], where: 'first' | 'last'): void {
  const nodes = values.map((value) => document.createNode(value, PLAIN))
  const present = presentAt(document, path, 'list')
  if (!isSeq(present)) document.setIn(path, document.createNode(values, PLAIN))
  else if (where === 'first') present.items.unshift(...nodes)
  else present.items.push(...nodes)
}

/** Undefined where there is nothing, or null. Throws 'bad-manifest' where something else than a mapping or a list is in the way: an alias stands for a part that is shared. */
function presentAt(document: Document, path: Path, wanted: 'mapping' | 'list'): unknown {
  for (let length = 1; length <= path.length; length++) {
    const node = document.getIn(path.slice(0, length), true)
    if (node === undefined || node === null || (isScalar(node) && node.value === null)) {
      if (node !== undefined) document.deleteIn(path.slice(0, length))
      return undefined
    }
    const next = path[length]
    const form = next === undefined ? wanted : typeof next === 'string' ? 'mapping' : 'list'
    if (form === 'mapping' ? isMap(node) : isSeq(node)) continue
    throw new MtlscopeError('bad-manifest', `${path.slice(0, length).join('.')} is ${isAlias(node) ? 'an alias' : `no ${form}`}`, { hint: isAlias(node) ? 'write it out: what it stands for is used elsewhere, too' : 'see: kubectl explain pod' })
  }
  return document.getIn(path, true)
}
