import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { Mesh, SidecarProcess, forEitherEngine } from './sidecar.fixture.ts'
import { need } from '../require.ts'

/** Root without what lets a process be transparent and mark. */
const WITHOUT = ['setpriv', '--bounding-set', '-net_admin,-net_raw', '--inh-caps', '-all', '--']

for (const [what, yaml] of [
  ['tproxy', 'inbound: { mode: tproxy, listen: "ADDRESS" }'],
  ['the address of the caller', 'inbound: { mode: listen, listen: "ADDRESS", to: "127.0.0.1:9", source: caller }'],
  ['a mark', 'mark: 7\ninbound: { mode: listen, listen: "ADDRESS", to: "127.0.0.1:9" }'],
] as const) {
  forEitherEngine(`without CAP_NET_ADMIN ${what} is refused at the start, with exit code 3`, async (t, engine) => {
    if (!need(t, 'netns', spawnSync(WITHOUT[0]!, [...WITHOUT.slice(1), 'true']).status === 0, 'root, and setpriv')) return
    const mesh = await Mesh.create(t)
    await mesh.identity('cart')
    const admin = mesh.address()
    const file = mesh.write('cart.yaml', `admin: "${admin}"\nidentity: { dir: cart }\n${yaml.replace('ADDRESS', mesh.address())}\n`)
    const cart = new SidecarProcess(t, engine, file, admin, WITHOUT)
    const code = await cart.exit()
    assert.match(cart.stderr, /^mtlscope: error: cannot .*: EPERM\nmtlscope: hint: needs CAP_NET_ADMIN/m)
    assert.equal(code, 3)
    assert.doesNotMatch(cart.stderr, /ready:/)
  })
}
