import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import fc from '#property'
import { MtlscopeError } from '../base/errors.ts'
import type { Identity } from './material.ts'
import { openWorkloadApi } from './workload-api.ts'
import type { Call } from './workload-api.fixture.ts'
import { openServer, response, socketPath } from './workload-api.fixture.ts'
import { parseSvidResponse } from './workload-response.ts'

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !condition(); n++) await sleep(10)
  assert.ok(condition())
}

test('the stream gives the first SVID and each new one, and says the header', async (t) => {
  const calls: Call[] = []
  const first = await response('cart')
  const path = socketPath(t)
  await openServer(t, path, (call) => {
    if (call.metadata.get('workload.spiffe.io')[0] !== 'true') return void call.destroy(new Error('no header'))
    calls.push(call)
    call.write(first)
  })
  const changed: Identity[] = []
  const source = openWorkloadApi(path, { changed: (identity) => changed.push(identity), kept: () => {} })
  t.after(() => source.close())
  assert.equal((await source.first).name, 'spiffe://shop.test/cart')
  calls[0]!.write(first)
  calls[0]!.write(await response('web'))
  await until(() => changed.length > 0)
  assert.deepEqual(changed.map(({ name }) => name), ['spiffe://shop.test/web'])
})

test('a refusal is told and asked again', async (t) => {
  let calls = 0
  const good = await response('late')
  const path = socketPath(t)
  await openServer(t, path, (call) => {
    if (++calls > 1) call.write(good)
    else call.emit('error', { code: status.PERMISSION_DENIED, details: 'no identity issued' })
  })
  const kept: MtlscopeError[] = []
  const source = openWorkloadApi(path, { changed: () => {}, kept: (error) => kept.push(error) })
  t.after(() => source.close())
  assert.equal((await source.first).name, 'spiffe://shop.test/late')
  assert.match(kept[0]!.message, /no identity is registered for this workload/)
})

test('no socket is told with its path', async (t) => {
  const kept: MtlscopeError[] = []
  const source = openWorkloadApi('/nowhere/api.sock', { changed: () => {}, kept: (error) => kept.push(error) })
  t.after(() => source.close())
  await until(() => kept.length > 0)
  assert.match(kept[0]!.message, /\/nowhere\/api\.sock: ENOENT/)
})

test('an answer that is broken is an error with a code, whatever its bytes', async () => {
  const good = await response('cart')
  assert.ok(parseSvidResponse(good).keyPem.includes('PRIVATE KEY'))
  const coded = (bytes: Uint8Array): boolean => {
    try {
      return parseSvidResponse(bytes).chainPem !== ''
    } catch (error) {
      return error instanceof MtlscopeError && error.code === 'bad-identity'
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), coded))
  fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => coded(Buffer.concat([good.subarray(0, at), Buffer.from([byte]), good.subarray(at + 1)]))))
  fc.assert(fc.property(fc.nat(good.length - 1), (length) => coded(good.subarray(0, length))))
})
