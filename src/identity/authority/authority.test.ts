import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { withFileLock } from '../../sys/file-lock.ts'
import { generateKeys } from '../certificate-profile.ts'
import { auditOf, CART, codeOf, DAY_MILLIS, HOUR_MILLIS, newCa, openAuthority } from './ca.fixture.ts'
import { finishRotation, renewIntermediate, startRotation } from './changes.ts'
import { CaFolder } from './folder.ts'
import type { CaState } from './state.ts'
import { activeRoot } from './state.ts'

const { publicKey } = await generateKeys(true)

test('a leaf has what was asked for, nothing else, and begins a minute ago', async (t) => {
  const folder = await newCa(t)
  const nowMillis = Math.floor(Date.now() / 1000) * 1000
  const leaf = await (await openAuthority(folder).current(nowMillis)).issue({ names: { ...CART, ipAddresses: ['10.0.0.7'] }, publicKey, ttlMillis: HOUR_MILLIS, nowMillis })
  const certificate = new X509Certificate(leaf.chainPem)
  assert.equal(certificate.subjectAltName, 'URI:spiffe://shop.test/cart, DNS:cart, IP Address:10.0.0.7')
  assert.deepEqual([certificate.ca, certificate.subject, certificate.serialNumber.toLowerCase()], [false, undefined, leaf.serial])
  assert.deepEqual([certificate.validFromDate.getTime(), certificate.validToDate.getTime()], [nowMillis - 60_000, nowMillis + HOUR_MILLIS])
})

test('no leaf outside the limits', async (t) => {
  const folder = await newCa(t, { maxTtlMillis: DAY_MILLIS, dnsDomains: ['shop.test'] })
  const nowMillis = Date.now()
  const issuer = await openAuthority(folder).current(nowMillis)
  const names = { ...CART, dnsNames: [] }
  const issue = (change: object): Promise<string | undefined> => codeOf(issuer.issue({ names, publicKey, ttlMillis: HOUR_MILLIS, nowMillis, ...change }))
  assert.equal(await issue({}), undefined)
  for (const change of [{ ttlMillis: DAY_MILLIS + 1 }, { ttlMillis: 1000 }, { names: CART }, { names: { ...names, spiffeId: 'spiffe://shop.test/mtlscope/ca' } }, { names: { ...names, spiffeId: 'spiffe://shop.test' } }]) {
    assert.equal(await issue(change), 'ca-refused', JSON.stringify(change))
  }
})

test('the intermediate is renewed at two thirds of its life, once', async (t) => {
  const start = Date.now()
  const folder = await newCa(t, {}, start)
  const later = start + 300 * DAY_MILLIS
  const before = activeRoot(await folder.readState())
  const issuers = await Promise.all(Array.from({ length: 5 }, () => openAuthority(folder).current(later)))
  assert.equal(new Set(issuers.map(({ state }) => activeRoot(state).intermediateId)).size, 1)
  assert.notEqual(activeRoot(issuers[0]!.state).intermediateId, before.intermediateId)
  assert.ok(issuers[0]!.notAfterMillis > later + 364 * DAY_MILLIS)
  assert.ok(!await folder.hasKey('intermediate', before.intermediateId))
  assert.equal(auditOf(folder).filter(({ event }) => event === 'intermediate-renewed').length, 1)
})

test('with the key of the root kept elsewhere it says so, goes on, and never beyond the intermediate', async (t) => {
  const start = Date.now()
  const folder = await newCa(t, {}, start)
  await folder.removeKey('root', activeRoot(await folder.readState()).id)
  const warnings: string[] = []
  const authority = openAuthority(folder, warnings)
  const nowMillis = start + 365 * DAY_MILLIS - HOUR_MILLIS
  const issuer = await authority.current(nowMillis)
  await authority.current(nowMillis)
  assert.match(warnings.join('|'), /^the intermediate is not renewed: .*root-.*\.key is missing$/)
  const leaf = await issuer.issue({ names: CART, publicKey, ttlMillis: DAY_MILLIS, nowMillis })
  assert.equal(leaf.notAfterMillis, issuer.notAfterMillis)
})

test('an intermediate that has expired, or is not valid yet, signs nothing', async (t) => {
  const start = Date.now()
  const folder = await newCa(t, {}, start)
  await folder.removeKey('root', activeRoot(await folder.readState()).id)
  for (const [nowMillis, why] of [[start + 366 * DAY_MILLIS, /expired at/], [start - HOUR_MILLIS, /valid only from/]] as const) {
    const issuer = await openAuthority(folder).current(nowMillis)
    await assert.rejects(issuer.issue({ names: CART, publicKey, ttlMillis: HOUR_MILLIS, nowMillis }), { code: 'ca-state', message: why })
  }
})

test('a rotation is followed while it runs, the old root is dropped by itself', async (t) => {
  const start = Date.now()
  const folder = await newCa(t, { maxTtlMillis: DAY_MILLIS }, start)
  const authority = openAuthority(folder)
  const roots = (bundle: string): number => bundle.split('BEGIN CERTIFICATE').length - 1
  assert.equal(roots((await authority.current(start)).bundlePem), 1)
  await startRotation(folder, { nowMillis: start, by: 'test' })
  const published = await authority.current(start)
  assert.equal(roots(published.bundlePem), 2)
  await finishRotation(folder, { nowMillis: start + DAY_MILLIS, by: 'test' }, false)
  const switched = await authority.current(start + DAY_MILLIS)
  assert.equal(roots(switched.bundlePem), 2)
  assert.notEqual(activeRoot(switched.state).id, activeRoot(published.state).id)
  const after = await authority.current(start + 2 * DAY_MILLIS + 60_000)
  assert.equal(roots(after.bundlePem), 1)
  assert.equal(activeRoot(after.state).id, activeRoot(switched.state).id)
})

test('whoever opens a CA at the moment in which its intermediate is replaced finds a whole one', async (t) => {
  const folder = await newCa(t)
  const { intermediateId } = activeRoot(await folder.readState())
  /** Another process is quicker between ca.json and the files that it names. */
  class SlowReader extends CaFolder {
    override async readState(): Promise<CaState> {
      const state = await super.readState()
      await renewIntermediate(folder, intermediateId, { nowMillis: Date.now(), by: 'other' })
      return state
    }
  }
  const issuer = await openAuthority(new SlowReader(folder.path, withFileLock)).current(Date.now())
  assert.notEqual(activeRoot(issuer.state).intermediateId, intermediateId)
})

test('a state that is damaged while it runs changes nothing and is told', async (t) => {
  const folder = await newCa(t)
  const warnings: string[] = []
  const authority = openAuthority(folder, warnings)
  const before = await authority.current(Date.now())
  writeFileSync(folder.statePath, '{')
  assert.equal(await authority.current(Date.now()), before)
  rmSync(folder.statePath)
  assert.equal(await authority.current(Date.now()), before)
  assert.match(warnings[0]!, /ca\.json is damaged; what was read before stays in force/)
})
