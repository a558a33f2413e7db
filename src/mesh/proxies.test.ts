import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { captureOf, isSidecar, ProxyNames } from './proxies.ts'

test('a proxy is recognised by the whole name of its executable, never by a part', () => {
  const names = new ProxyNames([])
  for (const name of ['envoy', 'linkerd2-proxy', 'ztunnel', 'haproxy', 'ghostunnel', 'mtlscope']) {
    assert.equal(names.kindOf(`/usr/local/bin/${name}`), name)
    assert.equal(names.kindOf(name), name)
  }
  for (const exe of ['/usr/bin/envoy-fake-helper', '/usr/bin/myenvoy', '/envoy/run', '/usr/bin/envoy/', '', '/usr/bin/Envoy', '/envoy ']) {
    assert.equal(names.kindOf(exe), undefined, exe)
  }
})

test('a further name counts wherever the file lies, one with a directory only there', () => {
  const names = new ProxyNames(['nginx', '/opt/mesh/proxy', 'envoy'])
  assert.equal(names.kindOf('/usr/sbin/nginx'), 'other')
  assert.equal(names.kindOf('/opt/mesh/proxy'), 'other')
  assert.equal(names.kindOf('/usr/bin/proxy'), undefined)
  assert.equal(names.kindOf('/bin/envoy'), 'envoy', 'a known one keeps its kind')
})

test('a directory name that is a link means the file behind it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-exe-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'socat1'), '')
  symlinkSync('socat1', join(folder, 'socat'))
  assert.equal(new ProxyNames([join(folder, 'socat')]).kindOf(join(folder, 'socat1')), 'other')
})

test('the name of a process may be cut by the kernel', () => {
  const names = new ProxyNames(['/opt/a-very-long-proxy-name'])
  assert.ok(names.mayBe('linkerd2-proxy'))
  assert.ok(names.mayBe('a-very-long-pro'))
  assert.ok(!names.mayBe('a-very-long'))
  assert.ok(!names.mayBe(''))
})

test('what each mesh is called in messages', () => {
  assert.deepEqual((['envoy', 'linkerd2-proxy', 'ztunnel', 'other'] as const).map(captureOf), ['envoy', 'linkerd', 'sidecar', 'sidecar'])
})

test('a sidecar on node is told by its title or its command, and a tap is none', () => {
  const node = '/usr/bin/node'
  assert.ok(isSidecar(node, ['mtlscope-sidecar']))
  assert.ok(isSidecar(node, ['mtlscope-sidecar web']))
  assert.ok(isSidecar(node, ['node', '/usr/local/bin/mtlscope', 'sidecar', '--config', 'x']))
  assert.ok(isSidecar(node, ['node', '--enable-source-maps', '/app/dist/cli/main.js', 'sidecar']))
  assert.ok(isSidecar(node, ['node', 'src/cli/main.ts', 'sidecar']))
  for (const args of [['node', '/usr/local/bin/mtlscope', 'tap', '--mesh'], ['node', '/app/server.js', 'sidecar'], ['node'], [''], [], ['node', 'cli/main.ts'],
    ['node', '/app/mtlscope-sidecar.js'], ['node', '/x/notcli/main.js', 'sidecar'], ['mtlscope-sidecar-fake']]) {
    assert.ok(!isSidecar(node, args), args.join(' '))
  }
  assert.ok(isSidecar('/usr/bin/mtlscope', ['mtlscope', 'sidecar']))
  assert.ok(!isSidecar('/usr/bin/mtlscope', ['mtlscope', 'tap', '--mesh']))
})
