import { join } from 'node:path'
import { CONTAINERD_SOCKET } from './configs.ts'
import type { ClusterPlace } from './place.ts'
import { NODE_ADDRESS, SERVICE_NETWORK } from './place.ts'

/** A process of the node, and how to see that it is up: a URL that answers 200, or a file that is there. */
export interface Part { readonly name: string, readonly command: readonly string[], readonly ready: string }

const ETCD = 'http://127.0.0.1:2379'

/** Of those on nodes beyond the first. */
const ON_EVERY_NODE = ['containerd', 'kubelet', 'kube-proxy']

/** In the order in which they start; each is waited for before the next. `kubernetes`: path of the one binary. */
export function planParts({ folder, kubeconfig, number, node, address }: ClusterPlace, kubernetes: string): Part[] {
  const at = (name: string): string => join(folder, name)
  const parts = [
    { name: 'etcd', ready: `${ETCD}/health`, command: ['etcd', '--data-dir', at('etcd'), '--listen-client-urls', ETCD, '--advertise-client-urls', ETCD, '--listen-peer-urls', 'http://127.0.0.1:2380', '--unsafe-no-fsync'] },
    { name: 'containerd', ready: CONTAINERD_SOCKET, command: ['containerd', '--config', at('containerd.toml')] },
    { name: 'kube-apiserver', ready: `https://${NODE_ADDRESS}:6443/readyz`, command: [kubernetes, 'kube-apiserver', ...apiServer(at)] },
    { name: 'kube-controller-manager', ready: 'https://127.0.0.1:10257/healthz', command: [kubernetes, 'kube-controller-manager', '--kubeconfig', kubeconfig, '--service-account-private-key-file', at('service-accounts.key'), '--root-ca-file', at('apiserver/apiserver.crt'), '--use-service-account-credentials=false', '--leader-elect=false', '--authorization-always-allow-paths=/healthz', '--cert-dir', at('tmp')] },
    { name: 'kube-scheduler', ready: 'https://127.0.0.1:10259/healthz', command: [kubernetes, 'kube-scheduler', '--kubeconfig', kubeconfig, '--leader-elect=false', '--authentication-kubeconfig', kubeconfig, '--authorization-kubeconfig', kubeconfig] },
    { name: 'kubelet', ready: 'http://127.0.0.1:10248/healthz', command: [kubernetes, 'kubelet', '--config', at('kubelet.json'), '--kubeconfig', kubeconfig, '--root-dir', at('kubelet'), '--cert-dir', at('kubelet/pki'), '--hostname-override', node, '--node-ip', address] },
    { name: 'kube-proxy', ready: 'http://127.0.0.1:10256/livez', command: [kubernetes, 'kube-proxy', '--config', at('kube-proxy.json')] },
  ]
  return parts.filter(({ name }) => number === 1 || ON_EVERY_NODE.includes(name))
}

/** Bound to every address of the node's namespace: pods do not reach its loopback. */
function apiServer(at: (name: string) => string): string[] {
  return [
    '--etcd-servers', ETCD, '--secure-port=6443', '--bind-address=0.0.0.0', '--advertise-address', NODE_ADDRESS, '--cert-dir', at('apiserver'),
    '--service-account-issuer=https://kubernetes.default.svc', '--service-account-key-file', at('service-accounts.key'), '--service-account-signing-key-file', at('service-accounts.key'),
    '--service-cluster-ip-range', SERVICE_NETWORK, '--token-auth-file', at('tokens.csv'), '--authorization-mode=Node,RBAC', '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP', '--enable-priority-and-fairness=false',
  ]
}
