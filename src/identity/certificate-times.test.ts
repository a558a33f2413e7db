import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { CertificateAuthority } from './ca.ts'
import { notAfterMs, notBeforeMs } from './certificate-times.ts'

test('times are read to the second, in each form that DER has for them', async () => {
  // RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on.
  for (const [from, until] of [['2026-01-01T00:00:00Z', '2026-01-31T23:59:59Z'], ['1999-12-31T23:59:59Z', '2049-12-31T23:59:59Z'], ['2050-02-28T12:30:01Z', '2131-03-01T00:00:00Z']] as const) {
    const ca = await CertificateAuthority.create('shop.test', { notBefore: new Date(from), notAfter: new Date(until) })
    const root = new X509Certificate(ca.certificatePem)
    assert.deepEqual([notBeforeMs(root), notAfterMs(root)], [Date.parse(from), Date.parse(until)])
  }
})
