import { MtlscopeError } from '../../base/errors.ts'
import { fields } from '../fields.ts'
import type { Fields } from '../fields.ts'

/** A Secret as it was at one moment. Whatever else it has, labels and foreign keys, is kept when it is written. */
export interface SecretCopy {
  /** Its resourceVersion; '' where it is not there yet. */
  readonly version: string
  /** Base64, by key. */
  readonly data: Readonly<Record<string, string>>
  /** The whole object. */
  readonly object: Fields
}

export function newSecret(namespace: string, name: string): SecretCopy {
  const labels = { 'app.kubernetes.io/name': 'mtlscope', 'app.kubernetes.io/component': 'ca', 'app.kubernetes.io/managed-by': 'mtlscope' }
  return { version: '', data: {}, object: { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, labels }, type: 'Opaque', data: {} } }
}

/** Throws 'kube-failed' for what is no Secret. */
export function parseSecret(value: unknown): SecretCopy {
  const object = fields(value)
  const { resourceVersion } = fields(object.metadata)
  const data = fields(object.data)
  if (object.kind !== 'Secret' || typeof resourceVersion !== 'string' || !Object.values(data).every((text) => typeof text === 'string')) {
    throw new MtlscopeError('kube-failed', 'the API server answered with something that is no Secret')
  }
  return { version: resourceVersion, data: data as Record<string, string>, object }
}

export function textOf({ data }: SecretCopy, key: string): string | undefined {
  const text = Object.hasOwn(data, key) ? data[key] : undefined
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8')
}

/** Another copy; `text` undefined removes the key. */
export function withText(copy: SecretCopy, key: string, text: string | undefined): SecretCopy {
  const { [key]: _, ...rest } = copy.data
  const data = text === undefined ? rest : { ...rest, [key]: Buffer.from(text).toString('base64') }
  return { ...copy, data, object: { ...copy.object, data } }
}
