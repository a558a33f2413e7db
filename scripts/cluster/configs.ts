import { CLUSTER_DOMAIN } from './dns.ts'
import type { ClusterPlace } from './place.ts'
import { NODE_ADDRESS, POD_NETWORK } from './place.ts'

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock'
export const PAUSE_IMAGE = 'docker.io/local/busybox:1'

/** `restrict_oom_score_adj`: without CAP_SYS_RESOURCE no process may be made less likely to be killed, and each sandbox would fail. */
export function containerdConfig(folder: string): string {
  return `version = 2
root = "${folder}/containerd"
state = "/run/containerd/state"
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`
}

export function cniConfig({ address, podRange: [rangeStart, rangeEnd] }: ClusterPlace): string {
  return JSON.stringify({
    cniVersion: '0.4.0', name: 'mtlscope',
    plugins: [
      { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, hairpinMode: true, ipam: { type: 'host-local', ranges: [[{ subnet: POD_NETWORK, rangeStart, rangeEnd, gateway: address }]], routes: [{ dst: '0.0.0.0/0' }], dataDir: '/run/cni' } },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  })
}

export function kubeletConfig(): string {
  return JSON.stringify({
    kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1',
    // The namespace is the node's own, and nobody else can reach the kubelet in it.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }, authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: 'cgroupfs', failCgroupV1: false, failSwapOn: false, enforceNodeAllocatable: [], localStorageCapacityIsolation: false,
    maxPods: 250, clusterDNS: [NODE_ADDRESS], clusterDomain: CLUSTER_DOMAIN,
    oomScoreAdj: 0, fileCheckFrequency: '1s', syncFrequency: '5s', nodeStatusUpdateFrequency: '5s', shutdownGracePeriod: '0s',
    // A test on a disk that is nearly full must not have its pods evicted.
    evictionHard: { 'nodefs.available': '0%', 'imagefs.available': '0%', 'memory.available': '1Mi' }, imageGCHighThresholdPercent: 100,
  })
}

export function kubeProxyConfig({ kubeconfig, node }: ClusterPlace): string {
  return JSON.stringify({
    kind: 'KubeProxyConfiguration', apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    clientConnection: { kubeconfig }, mode: 'iptables', clusterCIDR: POD_NETWORK, hostnameOverride: node, oomScoreAdj: 0,
    // These are the machine's and not the namespace's.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  })
}

/** A kubeconfig in JSON, which is YAML. `caFile`: the API server's own certificate. */
export function kubeconfig(token: string, caFile: string): string {
  return JSON.stringify({
    kind: 'Config', apiVersion: 'v1', 'current-context': 'mtlscope-cluster',
    clusters: [{ name: 'mtlscope-cluster', cluster: { server: `https://${NODE_ADDRESS}:6443`, 'certificate-authority': caFile } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'mtlscope-cluster', context: { cluster: 'mtlscope-cluster', user: 'admin' } }],
  }, undefined, 2)
}
