import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Authority } from '../src/identity/authority/authority.ts'
import { initCa } from '../src/identity/authority/changes.ts'
import { CaFolder } from '../src/identity/authority/folder.ts'
import { exportKeyPem, generateKeys } from '../src/identity/certificate-profile.ts'
import { withFileLock } from '../src/sys/file-lock.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const LIMIT_MS = 20
const REVIEWS = 2000
const ROUNDS = 3
/** Before anything counts: code that was never run is slow. */
const WARM_UP = 300
const PARALLEL = [1, 8]
const SERVER = fileURLToPath(new URL('webhook/server-process.ts', import.meta.url))

/** An ordinary pod as an API server shows it, 7 KiB: two containers, probes, volumes, environment, and what the server itself added. */
function review(n: number): string {
  const env = Array.from({ length: 25 }, (_, i) => ({ name: `SETTING_${i}`, valueFrom: { configMapKeyRef: { name: 'settings', key: `setting-${i}` } } }))
  const container = (name: string, containerPort: number): object => ({
    name, image: `registry.test/${name}:1.2.3`, env, ports: [{ name: 'http', containerPort }], resources: { requests: { cpu: '100m', memory: '128Mi' } },
    readinessProbe: { httpGet: { port: 'http', path: '/ready' }, periodSeconds: 10 }, livenessProbe: { httpGet: { port: 'http', path: '/live' } },
    volumeMounts: Array.from({ length: 6 }, (_, i) => ({ name: `volume-${i}`, mountPath: `/data/${i}` })), terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent',
  })
  const object = {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      generateName: `web-${n % 7}d-`, namespace: 'shop', labels: { app: 'web', 'pod-template-hash': `${n % 7}d` }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `web-${n % 7}d`, uid: 'f8a8', controller: true }],
      annotations: { 'mtlscope.io/ports': '8080=mtls,9090=plaintext', 'mtlscope.io/allow': 'spiffe://cluster.local/ns/shop/sa/front, spiffe://cluster.local/ns/shop/sa/cart', 'mtlscope.io/pass-through': '10.0.0.0/8:5432' },
    },
    spec: { serviceAccountName: 'web', containers: [container('web', 8080), container('metrics', 9090)], volumes: Array.from({ length: 6 }, (_, i) => ({ name: `volume-${i}`, emptyDir: {} })), tolerations: [], schedulerName: 'default-scheduler' },
  }
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview',
    request: { uid: `uid-${n}`, kind: { group: '', version: 'v1', kind: 'Pod' }, resource: { group: '', version: 'v1', resource: 'pods' }, namespace: 'shop', operation: 'CREATE', object, oldObject: null, dryRun: false, userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' } },
  })
}

async function makeIdentity(folder: string): Promise<string> {
  const ca = new CaFolder(join(folder, 'ca'), withFileLock)
  await initCa(ca, { trustDomain: 'cluster.local', name: 'bench', dnsDomains: [], maxTtlMillis: 86_400_000 }, { nowMillis: Date.now(), by: 'bench' })
  const issuer = await new Authority({ store: ca, by: 'bench', warn: () => {} }).current(Date.now())
  const keys = await generateKeys(true)
  const leaf = await issuer.issue({ names: { spiffeId: 'spiffe://cluster.local/ns/mtlscope/sa/mtlscope-injector', dnsNames: ['injector.svc'], ipAddresses: [] }, publicKey: keys.publicKey, ttlMillis: 3_600_000, nowMillis: Date.now() })
  writeFileSync(join(folder, 'key.pem'), await exportKeyPem(keys.privateKey))
  writeFileSync(join(folder, 'certChain.pem'), leaf.chainPem)
  return leaf.bundlePem
}

class Client {
  readonly #port: number
  readonly #agent: Agent

  constructor(port: number, bundlePem: string) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: Math.max(...PARALLEL), ca: bundlePem, servername: 'injector.svc' })
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Milliseconds until the whole answer was there. */
  async ask(body: string): Promise<number> {
    const startMs = performance.now()
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: this.#port, path: '/inject?timeout=10s', method: 'POST', agent: this.#agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (incoming) => {
        let answer = ''
        incoming.setEncoding('latin1').on('data', (chunk: string) => { answer += chunk }).on('end', () => resolve(answer)).on('error', reject)
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
    const elapsedMs = performance.now() - startMs
    if (!text.includes('"patchType":"JSONPatch"')) throw new Error(`not injected: ${text.slice(0, 300)}`)
    return elapsedMs
  }

  /** Sorted. */
  async askMany(bodies: readonly string[], parallel: number): Promise<number[]> {
    const times: number[] = []
    let next = 0
    await Promise.all(Array.from({ length: parallel }, async () => {
      while (next < bodies.length) times.push(await this.ask(bodies[next++]!))
    }))
    return times.sort((a, b) => a - b)
  }
}

async function run({ folder, progress }: BenchContext): Promise<Row[]> {
  const bundlePem = await makeIdentity(folder)
  const server = spawn(process.execPath, [SERVER, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const number = async (): Promise<number> => Number(((await once(server.stdout, 'data')) as [Buffer])[0].toString())
    const port = await number()
    const cpuMicros = (): Promise<number> => {
      const answer = number()
      server.kill('SIGUSR2')
      return answer
    }
    const client = new Client(port, bundlePem)
    const bodies = Array.from({ length: REVIEWS }, (_, n) => review(n))
    await client.askMany(bodies.slice(0, WARM_UP), 4)
    const rows: Row[] = []
    for (const parallel of PARALLEL) {
      const rounds: number[][] = []
      const cpu: number[] = []
      for (let n = 0; n < ROUNDS; n++) {
        progress(`${parallel} at a time, round ${n + 1} of ${ROUNDS}`)
        const before = await cpuMicros()
        rounds.push(await client.askMany(bodies, parallel))
        cpu.push((await cpuMicros() - before) / REVIEWS)
      }
      const at = (share: number): number[] => rounds.map((times) => times[Math.floor(times.length * share)]!)
      const note = `${REVIEWS} reviews a round of a pod of ${Math.round(bodies[0]!.length / 1024)} KiB, over TLS, connections kept`
      rows.push({ metric: `p50, ${parallel} at a time`, unit: 'ms', samples: at(0.5) }, { metric: `p99, ${parallel} at a time`, unit: 'ms', samples: at(0.99), goal: { atMost: LIMIT_MS }, note }, { metric: `CPU a review, ${parallel} at a time`, unit: 'µs', samples: cpu })
    }
    client.close()
    return rows
  } finally {
    server.kill('SIGTERM')
  }
}

export const bench: Bench = { name: 'webhook', claim: `the injection webhook answers 99 of 100 reviews within ${LIMIT_MS} ms`, run }
