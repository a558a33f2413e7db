import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withFileLock } from '../../sys/file-lock.ts'
import { auditOf, codeOf, DAY_MILLIS, newCa, openAuthority, tempFolder } from './ca.fixture.ts'
import { finishRotation, initCa, startRotation } from './changes.ts'
import { describeCa } from './description.ts'
import { CaFolder } from './folder.ts'
import { activeRoot, formatState, parseState } from './state.ts'

const settings = { trustDomain: 'shop.test', name: 'test', dnsDomains: [], maxTtlMillis: DAY_MILLIS }
const at = (nowMillis: number): { nowMillis: number, by: string } => ({ nowMillis, by: 'test' })

test('a new CA has a root and an intermediate with the right limits, and keys for their owner only', async (t) => {
  const folder = await newCa(t, {}, Date.parse('2026-01-01T00:00:00.500Z'))
  const { id, intermediateId } = activeRoot(await folder.readState())
  const root = new X509Certificate(await folder.readCertificate('root', id))
  const intermediate = new X509Certificate(await folder.readCertificate('intermediate', intermediateId))
  assert.ok(root.ca && root.checkIssued(root) && root.verify(root.publicKey))
  assert.ok(intermediate.ca && intermediate.checkIssued(root) && intermediate.verify(root.publicKey))
  assert.deepEqual([root.validFrom, root.validTo, intermediate.validTo], ['Dec 31 23:59:00 2025 GMT', 'Dec 30 00:00:00 2035 GMT', 'Jan  1 00:00:00 2027 GMT'])
  for (const [kind, of] of [['root', id], ['intermediate', intermediateId]] as const) assert.equal(statSync(folder.keyPath(kind, of)).mode & 0o777, 0o600)
  assert.equal(statSync(folder.path).mode & 0o777, 0o700)
  assert.equal(Buffer.from(root.serialNumber, 'hex').length, 16)
})

test('a CA is never overwritten', async (t) => {
  const folder = await newCa(t)
  const before = readdirSync(folder.path).toSorted()
  assert.equal(await codeOf(initCa(folder, settings, at(1e12))), 'ca-exists')
  assert.deepEqual(readdirSync(folder.path).toSorted(), before)
})

test('of several that make a CA at once one wins', async (t) => {
  const folder = new CaFolder(join(tempFolder(t), 'ca'), withFileLock)
  const codes = await Promise.all(Array.from({ length: 4 }, () => codeOf(initCa(folder, settings, at(Date.now())))))
  assert.deepEqual(codes.toSorted(), ['ca-exists', 'ca-exists', 'ca-exists', undefined])
  await openAuthority(folder).current(Date.now())
})

test('what an interrupted init left is neither used nor touched', async (t) => {
  const folder = new CaFolder(tempFolder(t), withFileLock)
  writeFileSync(folder.keyPath('root', '00000001'), 'half', { mode: 0o600 })
  writeFileSync(`${folder.statePath}.abc.tmp`, '{')
  const state = await initCa(folder, settings, at(Date.now()))
  assert.deepEqual(await folder.leftovers(state), [`ca.json.abc.tmp`, 'root-00000001.key'])
  assert.equal(state.roots.length, 1)
})

test('settings that no certificate could carry are refused before anything is written', async (t) => {
  const folder = new CaFolder(join(tempFolder(t), 'ca'), withFileLock)
  for (const bad of [{ trustDomain: 'Shop' }, { trustDomain: 'shop.test/x' }, { trustDomain: '' }, { name: 'ü' }, { name: 'x'.repeat(41) }, { name: '' }, { dnsDomains: ['.shop.test'] }, { maxTtlMillis: 1000 }]) {
    assert.equal(await codeOf(initCa(folder, { ...settings, ...bad }, at(1))), 'usage', JSON.stringify(bad))
  }
  assert.ok(!existsSync(folder.path))
})

test('a change that cannot be written down does not happen', async (t) => {
  const folder = await newCa(t)
  rmSync(folder.auditPath)
  // Every write to it fails as on a full disk.
  symlinkSync('/dev/full', folder.auditPath)
  const before = formatState(await folder.readState())
  await assert.rejects(startRotation(folder, at(Date.now())), { code: 'cannot-write', hint: 'the disk is full' })
  assert.equal(formatState(await folder.readState()), before)
})

test('a root is replaced in three steps, none of them too early', async (t) => {
  const start = Date.now()
  const folder = await newCa(t, { maxTtlMillis: DAY_MILLIS }, start)
  const old = activeRoot(await folder.readState())
  assert.equal(await codeOf(finishRotation(folder, at(start), false)), 'ca-rotation')

  const published = await startRotation(folder, at(start))
  assert.deepEqual(published.roots.map(({ role }) => role), ['active', 'next'])
  assert.equal(activeRoot(published).id, old.id)
  assert.equal(await codeOf(startRotation(folder, at(start))), 'ca-rotation')
  assert.equal(await codeOf(finishRotation(folder, at(start + DAY_MILLIS - 1), false)), 'ca-rotation')

  const switched = await finishRotation(folder, at(start + DAY_MILLIS), false)
  assert.deepEqual(switched.roots.map(({ role }) => role), ['active', 'old'])
  assert.equal(switched.roots[1]!.id, old.id)
  assert.equal(await codeOf(startRotation(folder, at(start + DAY_MILLIS))), 'ca-rotation')
  assert.equal(await codeOf(finishRotation(folder, at(start + 2 * DAY_MILLIS), false)), 'ca-rotation')
  assert.equal((await describeCa(folder, switched, start)).rotation.phase, 'switched')

  const dropped = await finishRotation(folder, at(start + 2 * DAY_MILLIS + 60_000), false)
  assert.deepEqual(dropped.roots.map(({ role }) => role), ['active'])
  assert.ok(!await folder.hasKey('root', old.id) && !await folder.hasKey('intermediate', old.intermediateId))
  assert.deepEqual(auditOf(folder).map(({ event }) => event), ['ca-created', 'root-published', 'root-activated', 'root-dropped'])
})

test('who insists may be early', async (t) => {
  const folder = await newCa(t)
  await startRotation(folder, at(Date.now()))
  await finishRotation(folder, at(Date.now()), true)
  assert.equal((await finishRotation(folder, at(Date.now()), true)).roots.length, 1)
})

test('a state that is not whole is none', () => {
  const root = { id: '00000001', role: 'active', intermediateId: '00000002', publishedAtMillis: 1 }
  const state = { version: 1, trustDomain: 'shop.test', name: 'x', dnsDomains: [], maxTtlMillis: 1, createdAtMillis: 1, roots: [root] }
  assert.ok(parseState(JSON.stringify(state)))
  for (const bad of [
    { ...state, version: 2 }, { ...state, roots: [] }, { ...state, roots: [root, root] }, { ...state, roots: [{ ...root, id: '../../etc' }] }, { ...state, trustDomain: 'A' },
    { ...state, roots: [{ ...root, role: 'old' }] }, { ...state, maxTtlMillis: '1' }, { ...state, dnsDomains: [1] }, { ...state, roots: [root, { ...root, role: 'old' }] },
  ]) assert.equal(parseState(JSON.stringify(bad)), undefined, JSON.stringify(bad))
  const text = JSON.stringify(state)
  for (let end = 0; end < text.length; end++) assert.equal(parseState(text.slice(0, end)), undefined)
})

test('a folder that is damaged, or open to others, is told and not used', async (t) => {
  const folder = await newCa(t)
  const { id, intermediateId } = activeRoot(await folder.readState())
  const refused = async (): Promise<string> => await openAuthority(folder).current(Date.now()).then(() => '', (error: Error & { code: string }) => `${error.code}: ${error.message}`)
  assert.equal(await refused(), '')
  chmodSync(folder.keyPath('intermediate', intermediateId), 0o644)
  assert.match(await refused(), /^ca-state: .* is open to others: mode 0644/)
  chmodSync(folder.keyPath('intermediate', intermediateId), 0o600)
  writeFileSync(folder.keyPath('intermediate', intermediateId), await folder.readKey('root', id))
  assert.match(await refused(), /^ca-state: .* is no P-256 key of its certificate/)
  writeFileSync(folder.keyPath('intermediate', intermediateId), '')
  assert.match(await refused(), /^ca-state: .* is no P-256 key/)
  rmSync(folder.certificatePath('root', id))
  assert.match(await refused(), /^ca-state: .* (?:is missing|is no P-256)/)
  writeFileSync(folder.statePath, '{}')
  assert.match(await refused(), /^ca-state: .*ca\.json is damaged/)
  rmSync(folder.statePath)
  assert.match(await refused(), /^ca-state: there is no CA in/)
  mkdirSync(folder.statePath)
  assert.match(await refused(), /^cannot-read: .*EISDIR/)
})
