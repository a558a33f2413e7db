import assert from 'node:assert/strict'
import test from 'node:test'
import { LENSES } from '../http/lenses.ts'
import { Half } from './half.ts'
import { scanHead } from './head-scan.ts'
import { lensOf } from './heads.ts'

const TYPES = [
  'application/grpc', 'application/grpc+proto', 'application/grpc-web', 'application/grpc-web-text+proto', 'application/json', 'application/json; charset=utf-8', 'application/graphql',
  'application/graphql+json', 'application/graphql-response+json', 'text/json', 'multipart/form-data; boundary=x', 'text/plain', 'text/html', 'application/x-www-form-urlencoded', 'image/png', '',
]

function half(isRequest: boolean, startLine: string, type: string): Half {
  const head = Buffer.from(`${startLine}\r\nContent-Type:  ${type.replace('application', 'Application')}\r\n\r\n`, 'latin1')
  const found = new Half(isRequest, 0)
  assert.equal(scanHead(found, head, 0, head.length, false), head.length)
  found.head = head.toString('latin1')
  return found
}

test('every exchange that a lens claims is let through to it', () => {
  let claimed = 0
  for (const method of ['GET', 'POST']) {
    for (const target of ['/', '/graphql', '/a?query={a}', '/a?x=1&extensions={}', '/shop.Cart/Get']) {
      for (const requestType of TYPES) {
        for (const responseType of TYPES) {
          const lens = LENSES.find((one) => one.claims({ method, target, requestType, responseType }))
          if (lens !== undefined) claimed++
          assert.equal(lensOf(half(true, `${method} ${target} HTTP/1.1`, requestType), half(false, 'HTTP/1.1 200 OK', responseType)), lens, `${method} ${target} ${requestType} ${responseType}`)
        }
      }
    }
  }
  assert.ok(claimed > 100)
})
