import assert from 'node:assert/strict'
import test from 'node:test'
import type { SecretWaiter } from '../secret-source.ts'
import { MAX_ALL_WAITING_BYTES, MAX_KNOWN_CONNECTIONS, MAX_WAITERS, MAX_WAITING_MICROS } from './limits.ts'
import type { SecretDesk } from './secrets.ts'
import { TlsSecrets } from './secrets.ts'

const random = (n: number): Uint8Array => Buffer.from(n.toString(16).padStart(64, '0'), 'hex')
const known = (secrets: TlsSecrets, n: number): void => secrets.secret('CLIENT_RANDOM', Buffer.from(random(n)).toString('hex'), `secret ${n}`)

class Waiter implements SecretWaiter {
  came = 0
  gaveUp = false
  readonly sinceMicros: number
  readonly waitingBytes: number

  constructor(waitingBytes = 0, sinceMicros = 0) {
    this.waitingBytes = waitingBytes
    this.sinceMicros = sinceMicros
  }

  secretsCame(): void {
    this.came++
  }

  giveUp(): void {
    this.gaveUp = true
  }
}

function waiting(desk: SecretDesk, count: number, bytes = 0): Waiter[] {
  const waiters = Array.from({ length: count }, () => new Waiter(bytes))
  for (const waiter of waiters) desk.wait(waiter)
  return waiters
}

test('secrets are found by label and random, and the oldest are forgotten', () => {
  const secrets = new TlsSecrets()
  const desk = secrets.desk()
  assert.equal(desk.active, false)
  for (let n = 0; n <= MAX_KNOWN_CONNECTIONS; n++) known(secrets, n)
  assert.equal(desk.active, true)
  assert.equal(desk.find('CLIENT_RANDOM', random(0)), undefined)
  assert.equal(Buffer.from(desk.find('CLIENT_RANDOM', random(MAX_KNOWN_CONNECTIONS))!).toString(), `secret ${MAX_KNOWN_CONNECTIONS}`)
  assert.equal(desk.find('CLIENT_TRAFFIC_SECRET_0', random(1)), undefined)
})

test('a secret that is not there is looked for once more', () => {
  const secrets: TlsSecrets = new TlsSecrets(() => known(secrets, 5))
  assert.notEqual(secrets.desk().find('CLIENT_RANDOM', random(5)), undefined)
})

test('those who wait hear of news, and only of news', () => {
  const secrets = new TlsSecrets()
  const [here, there] = [secrets.desk(), secrets.desk()]
  const [a, b] = [waiting(here, 1)[0]!, waiting(there, 1)[0]!]
  secrets.announce()
  known(secrets, 1)
  secrets.announce()
  secrets.announce()
  assert.deepEqual([a.came, b.came], [1, 1])
  there.close()
  known(secrets, 2)
  secrets.announce()
  assert.deepEqual([a.came, a.gaveUp, b.came, b.gaveUp], [2, false, 1, true])
})

test('time, number and bytes of those who wait are bounded', () => {
  const desk = new TlsSecrets().desk()
  const many = waiting(desk, MAX_WAITERS + 3)
  assert.deepEqual([many[2]!.gaveUp, many[3]!.gaveUp, desk.crowdedOut], [true, false, 3])
  const heavy = waiting(new TlsSecrets().desk(), 128, MAX_ALL_WAITING_BYTES / 32)
  assert.ok(heavy.filter((waiter) => !waiter.gaveUp).length <= 32 && heavy.at(-1)!.gaveUp === false)
  const slow = new TlsSecrets().desk()
  const [old, fresh] = [new Waiter(0, 1000), new Waiter(0, 2000)]
  slow.wait(old)
  slow.wait(fresh)
  slow.tick(1000 + MAX_WAITING_MICROS)
  assert.deepEqual([old.gaveUp, fresh.gaveUp], [true, false])
})
