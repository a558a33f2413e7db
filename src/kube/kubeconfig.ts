import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { MtlscopeError } from '../base/errors.ts'
import { whyNotRead } from '../base/file-errors.ts'
import type { Credentials } from './exec-sign-in.ts'
import { ExecSignIn } from './exec-sign-in.ts'

/** How one API server is reached, and as whom. */
export interface ClusterAccess {
  /** For people: the context, or `in-cluster`. */
  readonly context: string
  readonly server: URL
  /** The namespace that is meant where none is named. */
  readonly namespace: string
  readonly ca: Buffer | undefined
  readonly insecure: boolean
  readonly serverName: string | undefined
  readonly cert: Buffer | undefined
  readonly key: Buffer | undefined
  /** Asked for each request: tokens of pods are files that are written anew, and those of programs expire. Rejects with 'bad-kubeconfig'. */
  credentials(): Promise<Credentials>
  /** They were not believed: new ones are wanted. Undefined where there are no others. */
  readonly forget: (() => void) | undefined
}

interface Named { name?: unknown }
type Fields = Record<string, unknown>

const IN_CLUSTER = '/var/run/secrets/kubernetes.io/serviceaccount'
const HINT = 'see: kubectl config view; another file: --kubeconfig FILE'

/** The first file of --kubeconfig, KUBECONFIG and ~/.kube/config, else the pod's own account. Throws 'bad-kubeconfig' where none can be used. */
export function readClusterAccess(options: { kubeconfig?: string, context?: string } = {}, env: NodeJS.ProcessEnv = process.env): ClusterAccess {
  const named = options.kubeconfig ?? env.KUBECONFIG?.split(delimiter).find((path) => path !== '')
  const file = named ?? join(env.HOME ?? homedir(), '.kube/config')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (named === undefined && env.KUBERNETES_SERVICE_HOST) return readInCluster(env)
    throw new MtlscopeError('bad-kubeconfig', `cannot read ${file}: ${whyNotRead(cause)}`, { hint: 'name it: --kubeconfig FILE, or KUBECONFIG', cause, facts: { file } })
  }
  return parseKubeconfig(text, file, options.context)
}

/** The account of the pod that this runs in. */
function readInCluster(env: NodeJS.ProcessEnv): ClusterAccess {
  const host = env.KUBERNETES_SERVICE_HOST!
  return {
    context: 'in-cluster', server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`),
    namespace: readFileSync(`${IN_CLUSTER}/namespace`, 'utf8').trim(), ca: readFileSync(`${IN_CLUSTER}/ca.crt`), insecure: false, serverName: undefined,
    cert: undefined, key: undefined, credentials: readToken(`${IN_CLUSTER}/token`), forget: undefined,
  }
}

/** `file`: where the text is from; paths within it begin at its folder, and are read. Throws 'bad-kubeconfig'. */
export function parseKubeconfig(text: string, file: string, contextName?: string): ClusterAccess {
  const bad = (what: string, hint = HINT): MtlscopeError => new MtlscopeError('bad-kubeconfig', `${file}: ${what}`, { hint, facts: { file } })
  const document = parseDocument(text, { logLevel: 'silent' })
  if (document.errors.length > 0) throw bad(`is not YAML: ${document.errors[0]!.message.split('\n')[0]!.replace(/:$/, '')}`)
  const config = fields(toValue(document, bad))
  const name = contextName ?? text_(config['current-context'])
  if (name === undefined || name === '') throw bad('names no current context', 'name one: --context NAME')
  const context = fields(find(config.contexts, name)?.context)
  const cluster = fields(find(config.clusters, text_(context.cluster))?.cluster)
  const user = fields(find(config.users, text_(context.user))?.user)
  if (find(config.contexts, name) === undefined) throw bad(`has no context ${name}`, `there are: ${names(config.contexts).join(', ') || 'none'}`)
  const server = serverOf(text_(cluster.server))
  if (server === undefined) throw bad(`the cluster of context ${name} has no server`)
  refuseUnknown(user, bad)
  const data = (from: Fields, key: string): Buffer | undefined => dataOf(from, key, file)
  return {
    context: name, server, namespace: text_(context.namespace) ?? 'default', ca: data(cluster, 'certificate-authority'),
    insecure: cluster['insecure-skip-tls-verify'] === true, serverName: text_(cluster['tls-server-name']),
    cert: data(user, 'client-certificate'), key: data(user, 'client-key'), ...signInOf(user, cluster, server, file),
  }
}

/** A token file before a token before a program, as kubectl has it. */
function signInOf(user: Fields, cluster: Fields, server: URL, file: string): Pick<ClusterAccess, 'credentials' | 'forget'> {
  const [token, tokenFile] = [text_(user.token), text_(user.tokenFile)]
  if (tokenFile !== undefined && tokenFile !== '') return { credentials: readToken(resolve(dirname(file), tokenFile)), forget: undefined }
  if (token !== undefined || user.exec === undefined) return { credentials: () => Promise.resolve({ ...token !== undefined && { token } }), forget: undefined }
  const signIn = new ExecSignIn(user.exec, file, { server: server.href, 'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'] === true, 'certificate-authority-data': dataOf(cluster, 'certificate-authority', file)?.toString('base64') })
  return { credentials: () => signIn.credentials(), forget: () => signIn.forget() }
}

function readToken(path: string): () => Promise<Credentials> {
  return async () => {
    try {
      return { token: (await readFile(path, 'utf8')).trim() }
    } catch (cause) {
      throw new MtlscopeError('bad-kubeconfig', `cannot read the token file ${path}: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`, { hint: HINT, cause, facts: { file: path } })
    }
  }
}

/** Aliases that multiply are refused by the parser, when the value is made. */
function toValue(document: ReturnType<typeof parseDocument>, bad: (what: string) => MtlscopeError): unknown {
  try {
    return document.toJS()
  } catch {
    throw bad('has too many aliases')
  }
}

/** Ways to sign in that Kubernetes itself has given up. */
function refuseUnknown(user: Fields, bad: (what: string, hint: string) => MtlscopeError): void {
  for (const way of ['auth-provider', 'username']) {
    if (user[way] !== undefined) throw bad(`its user signs in by ${way}, which is not supported`, 'make one with a token: kubectl create token ACCOUNT; then kubectl config set-credentials NAME --token=TOKEN')
  }
}

function dataOf(from: Fields, key: string, file: string): Buffer | undefined {
  const data = text_(from[`${key}-data`])
  if (data !== undefined) return Buffer.from(data, 'base64')
  const path = text_(from[key])
  if (path === undefined) return undefined
  const whole = resolve(dirname(file), path)
  try {
    return readFileSync(whole)
  } catch (cause) {
    throw new MtlscopeError('bad-kubeconfig', `${file}: cannot read its ${key} ${whole}: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`, { hint: HINT, cause, facts: { file: whole } })
  }
}

function serverOf(text: string | undefined): URL | undefined {
  const url = text === undefined ? null : URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url : undefined
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {}
}

function text_(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function find(list: unknown, name: string | undefined): Fields | undefined {
  return Array.isArray(list) ? list.map(fields).find((entry: Named) => entry.name === name) as Fields | undefined : undefined
}

function names(list: unknown): string[] {
  return Array.isArray(list) ? list.flatMap((entry) => text_(fields(entry).name) ?? []) : []
}
