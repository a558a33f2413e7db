import type { webcrypto } from 'node:crypto'
import type * as X509 from '@peculiar/x509'
import { x509 } from '../../identity/x509.ts'

/** A leaf and its key as PEM, as node:tls wants them. */
export interface Leaf { cert: string, key: string }

/** A root with leaves for both ends, made anew in each run. */
export interface Pki { ca: string, server: Leaf, rsaServer: Leaf, client: Leaf }

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 }
export const NOT_BEFORE = '2020-02-03T04:05:06Z'
export const NOT_AFTER = '2099-12-31T23:59:59Z'
const VALIDITY = { notBefore: new Date(NOT_BEFORE), notAfter: new Date(NOT_AFTER) }
export const SERVER_ID = 'spiffe://shop.example/ns/default/sa/cart'
export const CLIENT_ID = 'spiffe://shop.example/ns/default/sa/web'

export async function makePki(): Promise<Pki> {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify'])
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01', name: 'O=Acme, CN=Acme root', ...VALIDITY, signingAlgorithm: EC, keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  const leaf = (serial: string, subject: string, names: X509.GeneralNames | X509.JsonGeneralNames, algorithm: typeof EC | typeof RSA) =>
    issue(root, keys.privateKey, serial, subject, names, algorithm)
  return {
    ca: root.toString('pem'),
    server: await leaf('0a11', 'CN=cart', [{ type: 'dns', value: 'cart.shop.example' }, { type: 'url', value: SERVER_ID }], EC),
    rsaServer: await leaf('0a12', 'O=Acme, CN=cart-rsa', [{ type: 'dns', value: 'cart.shop.example' }, { type: 'ip', value: '10.0.0.7' }], RSA),
    client: await leaf('0a13', 'CN=web', [{ type: 'url', value: CLIENT_ID }], EC),
  }
}

async function issue(
  root: X509.X509Certificate, signingKey: webcrypto.CryptoKey, serialNumber: string, subject: string,
  names: X509.GeneralNames | X509.JsonGeneralNames, algorithm: typeof EC | typeof RSA,
): Promise<Leaf> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber, subject, issuer: root.subject, ...VALIDITY, signingAlgorithm: EC, publicKey: keys.publicKey, signingKey,
    extensions: [new x509.BasicConstraintsExtension(false), new x509.SubjectAlternativeNameExtension(names as X509.JsonGeneralNames)],
  })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return { cert: certificate.toString('pem') + '\n', key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n` }
}
