import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Mesh, SidecarProcess, forEachEngine } from '../peers/sidecar.fixture.ts'
import type { Engine, LogLine } from '../peers/sidecar.fixture.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'
import { serveShop, tempFolder } from './peers.ts'

const permitted = ensureNetns()
const ADMIN = '127.0.0.1:9901'

/** A mount namespace whose root is the machine's with one folder more: Contrast has the identity at a fixed place. */
const WITH_IDENTITY = `set -e
root=$1 identity=$2
shift 2
mount -t tmpfs none "$root"
for entry in /*; do
  if [ -L "$entry" ]; then cp -P "$entry" "$root$entry"
  elif [ -d "$entry" ]; then mkdir "$root$entry" && mount --rbind "$entry" "$root$entry"
  fi
done
mkdir -p "$root/contrast/tls-config"
mount --bind "$identity" "$root/contrast/tls-config"
exec chroot "$root" "$@"`

/** As `contrast generate` leaves a pod: the three variables and the identity, nothing else. */
async function startPod(t: TestContext, mesh: Mesh, namespace: TestNamespace, engine: Engine, name: string, env: NodeJS.ProcessEnv): Promise<SidecarProcess> {
  const identity = await mesh.identity(name)
  const prefix = ['ip', 'netns', 'exec', namespace.name, 'unshare', '--mount', 'sh', '-c', WITH_IDENTITY, 'sh', tempFolder(t), identity]
  const sidecar = new SidecarProcess(t, engine, '', ADMIN, prefix, { ...env, MTLSCOPE_WORKLOAD: name })
  await sidecar.said('ready:')
  return sidecar
}

/** The rules of Contrast's own sidecar for these ports; `plain` is exempt, `oneWay` goes to the second listener. */
function applyRules({ run }: TestNamespace, chain: string, { plain, oneWay }: { plain: number, oneWay: number }): void {
  const rule = (...words: (string | number)[]): string => run('iptables', '-t', 'mangle', ...words.map(String))
  for (const name of ['INBOUND', 'IN_REDIRECT']) rule('-N', `${chain}_${name}`)
  rule('-A', 'PREROUTING', '-p', 'tcp', '-j', `${chain}_INBOUND`)
  rule('-A', `${chain}_INBOUND`, '-p', 'tcp', '-i', 'lo', '-j', 'RETURN')
  rule('-A', `${chain}_INBOUND`, '-p', 'tcp', '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'RETURN')
  rule('-A', `${chain}_INBOUND`, '-p', 'tcp', '-j', `${chain}_IN_REDIRECT`)
  rule('-A', `${chain}_IN_REDIRECT`, '-p', 'tcp', '--dport', plain, '-j', 'RETURN')
  rule('-A', `${chain}_IN_REDIRECT`, '-p', 'tcp', '--dport', oneWay, '-j', 'TPROXY', '--on-port', 15007)
  rule('-A', `${chain}_IN_REDIRECT`, '-p', 'tcp', '-j', 'TPROXY', '--on-port', 15006)
}

/** The status that curl hears, or 000 and what kept it from one. */
function curl({ run }: TestNamespace, url: string, ...options: string[]): string {
  return run('sh', '-c', 'curl -s --max-time 8 -o /dev/null -w "%{http_code} %{exitcode}" "$@" || true', 'sh', ...options, url).trim()
}

for (const prefix of ['CONTRAST', 'EDG']) {
  forEachEngine(`${prefix}_… with Contrast's rules: mutual TLS both ways, TLS one way, and the port that is left out`, async (t, engine) => {
    if (!need(t, 'netns', permitted, 'the right to make network namespaces')) return
    const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
    joinNamespaces(web, cart)
    for (const port of [8080, 8081, 7890]) await serveShop(t, cart, port)
    await serveShop(t, web, 9090)
    applyRules(cart, prefix, { plain: 7890, oneWay: 8081 })
    applyRules(web, prefix, { plain: 1, oneWay: 2 })
    const mesh = await Mesh.create(t)
    const env = (ingress: string, egress: string): NodeJS.ProcessEnv => ({
      [`${prefix}_INGRESS_PROXY_CONFIG`]: ingress, [`${prefix}_EGRESS_PROXY_CONFIG`]: egress, [`${prefix}_ADMIN_PORT`]: '9901',
    })
    const sidecars = {
      cart: await startPod(t, mesh, cart, engine, 'cart', env('open#8081#false##metrics#7890#true', 'web#127.137.0.1:9090#10.99.0.1:9090')),
      web: await startPod(t, mesh, web, engine, 'web', env('', 'cart#127.137.0.1:8080#10.99.0.2:8080##open#127.137.0.2:8081#10.99.0.2:8081')),
    }

    // Apps dial the loopback; the other side lets them in by their certificate.
    assert.match(curl(web, 'http://127.137.0.1:8080/'), /^(200|404) 0$/)
    assert.match(curl(web, 'http://127.137.0.2:8081/'), /^(200|404) 0$/)
    assert.match(curl(cart, 'http://127.137.0.1:9090/'), /^(200|404) 0$/)
    await assertLine(sidecars.cart, 'mtls', '10.99.0.2:8080', 'spiffe://shop.test/web')
    await assertLine(sidecars.cart, 'tls', '10.99.0.2:8081', undefined)
    await assertLine(sidecars.web, 'mtls', '10.99.0.1:9090', 'spiffe://shop.test/cart')

    // Whoever has no certificate: refused, let in by TLS only, let in.
    assert.match(curl(web, 'http://10.99.0.2:8080/'), /^000 /)
    assert.match(curl(web, 'https://10.99.0.2:8080/', '-k'), /^000 /)
    assert.match(curl(web, 'http://10.99.0.2:8081/'), /^000 /)
    assert.match(curl(web, 'https://10.99.0.2:8081/', '-k'), /^(200|404) 0$/)
    assert.match(curl(web, 'http://10.99.0.2:7890/'), /^(200|404) 0$/)
    const identity = await mesh.identity('somebody')
    assert.match(curl(web, 'https://10.99.0.2:8080/', '-k', '--cert', join(identity, 'certChain.pem'), '--key', join(identity, 'key.pem')), /^(200|404) 0$/)

    // Its own ports lead nowhere, and its rules never showed it the port that is left out.
    for (const port of [15006, 15007]) assert.match(curl(web, `https://10.99.0.2:${port}/`, '-k'), /^000 /)
    assert.match(curl(cart, `http://${ADMIN}/readyz`), /^200 0$/)
    await sidecars.cart.line('a self-call', ({ reason }) => reason === 'self-call')
    assert.deepEqual(sidecars.cart.lines.filter((line) => destinationOf(line).endsWith(':7890')), [])
  })
}

function destinationOf(line: LogLine): string {
  return (line as LogLine & { destination: string }).destination
}

async function assertLine(sidecar: SidecarProcess, security: string, destination: string, caller: string | undefined): Promise<void> {
  const line = await sidecar.line(`${security} to ${destination}`, (one) => destinationOf(one) === destination && one.reason === 'finished')
  assert.deepEqual([line.direction, line.security, line.clientIdentity], ['inbound', security, caller])
}
