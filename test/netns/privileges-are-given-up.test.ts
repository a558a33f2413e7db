import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'

const netns = ensureNetns()
const SYS = join(import.meta.dirname, '..', '..', 'src', 'sys')

const SCRIPT = `
  import { readFileSync } from 'node:fs'
  const { openRing } = await import('${SYS}/packet-ring.ts')
  const { dropPrivileges } = await import('${SYS}/privileges.ts')
  const ring = openRing({ ifindex: 0, blockCount: 4 })
  const dropped = dropPrivileges()
  const { createSocket } = await import('node:dgram')
  const socket = createSocket('udp4')
  await new Promise((done) => socket.send('still seen', 9, '127.0.0.1', done))
  socket.close()
  for (let n = 0; n < 3000 && ring.statistics().packets === 0; n++) await new Promise((done) => setTimeout(done, 10))
  let seen = 0
  ring.flush({ frame: (buf, offset, captured) => { if (Buffer.from(buf.subarray(offset, offset + captured)).includes('still seen')) seen++ } })
  let again = 'opened'
  try { openRing({ ifindex: 0 }) } catch (error) { again = error.code }
  const status = readFileSync('/proc/self/status', 'latin1')
  console.log(JSON.stringify({ dropped, seen, again, uid: process.getuid(), groups: process.getgroups(), noNewPrivs: /NoNewPrivs:\\s*1/.test(status), effective: /CapEff:\\s*0+\\n/.test(status) }))`

test('an open ring goes on as the user behind sudo, and no other can be opened', (t) => {
  // In a user namespace with one user there is nobody else to become.
  if (!need(t, 'netns', netns && process.env.MTLSCOPE_TEST_USER_NAMESPACE === undefined, 'root outside a user namespace')) return
  const namespace = addNamespace(t, 'drop-rights')
  const out = execFileSync('ip', ['netns', 'exec', namespace.name, process.execPath, '--input-type=module', '--eval', SCRIPT], {
    encoding: 'utf8', env: { ...process.env, SUDO_UID: '65534', SUDO_GID: '65533' },
  })
  const { dropped, seen, again, uid, groups, noNewPrivs, effective } = JSON.parse(out)
  assert.deepEqual(dropped, { uid: 65534, gid: 65533, noNewPrivileges: true, what: 'runs as uid 65534, gid 65533, gains no new privileges' })
  assert.ok(seen >= 1)
  assert.deepEqual({ again, uid, groups, noNewPrivs, effective }, { again: 'not-permitted', uid: 65534, groups: [65533], noNewPrivs: true, effective: true })
})
