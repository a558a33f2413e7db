import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { withFileLock } from '../../sys/file-lock.ts'
import { CART, codeOf, newCa, newToken } from './ca.fixture.ts'
import { createToken, findToken, isToken } from './token.ts'
import { addToken, parseTokens, readTokens, revokeToken, TokenStore } from './token-file.ts'

test('a token finds its record, and nothing else does', () => {
  const { token, id, sha256 } = createToken()
  const records = new Map([[id, { id, sha256, ...CART, createdAtMillis: 1 }]])
  assert.equal(findToken(records, token)?.id, id)
  assert.ok(isToken(token))
  for (const wrong of ['', token.slice(0, -1), `${token}x`, token.toUpperCase(), `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, createToken().token, `mtlsca_${id}_${'A'.repeat(43)}`]) {
    assert.equal(findToken(records, wrong), undefined, wrong)
  }
})

test('the file holds no token, only its hash, and is for its owner', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  const text = readFileSync(folder.tokensPath, 'utf8')
  assert.ok(!text.includes(token) && !text.includes(token.slice(16)))
  assert.equal(statSync(folder.tokensPath).mode & 0o777, 0o600)
  assert.equal(findToken(await readTokens(folder.tokensPath), token)?.spiffeId, CART.spiffeId)
})

test('tokens that are added at once are all there', async (t) => {
  const folder = await newCa(t)
  const tokens = await Promise.all(Array.from({ length: 6 }, () => newToken(folder)))
  const records = await readTokens(folder.tokensPath)
  assert.equal(records.size, 6)
  for (const token of tokens) assert.ok(findToken(records, token))
})

test('no token for an identity that the CA would not issue', async (t) => {
  const folder = await newCa(t, { dnsDomains: ['shop.test'] })
  const limits = await folder.readState()
  for (const names of [{ ...CART, dnsNames: [], spiffeId: 'spiffe://other.test/x' }, { ...CART, dnsNames: [], spiffeId: 'spiffe://shop.test/mtlscope/ca' }, CART]) {
    assert.equal(await codeOf(addToken(folder.tokensPath, withFileLock, { names, limits, nowMillis: 1 })), 'ca-refused')
  }
})

test('a revoked token is gone for who has the file open, a damaged file changes nothing', async (t) => {
  const folder = await newCa(t)
  const [a, b] = [await newToken(folder), await newToken(folder)]
  const warnings: string[] = []
  const store = new TokenStore(folder.tokensPath, (text) => warnings.push(text))
  assert.ok(findToken(await store.current(), a))
  await revokeToken(folder.tokensPath, withFileLock, a.slice(7, 15))
  assert.equal(findToken(await store.current(), a), undefined)
  writeFileSync(folder.tokensPath, '{"version": 1, "tokens": [')
  assert.ok(findToken(await store.current(), b))
  assert.match(warnings.join(), /is damaged; the tokens read before stay in force/)
  assert.equal(await codeOf(revokeToken(folder.tokensPath, withFileLock, 'ffffffff')), 'ca-state')
})

test('a file that is not wholly a token file is none', () => {
  const record = { id: '00000000', sha256: '0'.repeat(64), ...CART, createdAtMillis: 1 }
  assert.equal(parseTokens(JSON.stringify({ version: 1, tokens: [record] }))?.size, 1)
  for (const bad of [{ version: 2, tokens: [] }, { version: 1 }, { version: 1, tokens: [{ ...record, sha256: 'x' }] }, { version: 1, tokens: [null] }, { version: 1, tokens: [{ ...record, dnsNames: [1] }] }]) {
    assert.equal(parseTokens(JSON.stringify(bad)), undefined)
  }
  for (const text of ['', '[]', 'null', '7', '{']) assert.equal(parseTokens(text), undefined)
})
