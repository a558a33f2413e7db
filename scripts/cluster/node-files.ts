import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cniConfig, containerdConfig, kubeProxyConfig, kubeconfig, kubeletConfig } from './configs.ts'
import type { ClusterPlace } from './place.ts'

/** Writes all that the components of a node read; of the first one also what is the cluster's, with a key and a token of this run. */
export function writeNodeFiles(place: ClusterPlace): void {
  const { folder, number, kubeconfig: kubeconfigFile, logs } = place
  for (const path of [logs, `${folder}/cni`, `${folder}/etcd`, `${folder}/apiserver`, `${folder}/kubelet`, `${folder}/var-lib`, `${folder}/var-log`, `${folder}/tmp`]) {
    mkdirSync(path, { recursive: true })
  }
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 })
  write('containerd.toml', containerdConfig(folder))
  write('cni/10-mtlscope.conflist', cniConfig(place))
  write('kubelet.json', kubeletConfig())
  write('kube-proxy.json', kubeProxyConfig(place))
  if (number > 1) return
  const token = randomBytes(16).toString('hex')
  write('tokens.csv', `${token},admin,admin,system:masters\n`)
  write('service-accounts.key', generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey)
  writeFileSync(kubeconfigFile, kubeconfig(token, join(folder, 'apiserver/apiserver.crt')), { mode: 0o600 })
}
