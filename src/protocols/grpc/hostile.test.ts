import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { callOf, framed, half, look } from './call.fixture.ts'

const type = fc.constantFrom('application/grpc', 'application/grpc-web', 'application/grpc-web-text', 'application/grpc+json', 'text/plain', '')
const body = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.array(fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(0, 1, 0x80, 0x81))).map((parts) => Buffer.concat(parts.map(([bytes, flags]) => framed(bytes, flags)))))
const odd = fc.oneof(fc.string(), fc.constantFrom('0', '17', '-1', '%', '%zz', 'gzip', 'identity', '1S', '////', 'CAkSBg'))
const fields = fc.dictionary(fc.constantFrom('grpc-status', 'grpc-message', 'grpc-timeout', 'grpc-encoding', 'grpc-status-details-bin'), odd)
const direction = fc.tuple(type, fields, body, fields, fc.nat({ max: 100 })).map(([contentType, headers, bytes, trailers, lost]) => half({ 'content-type': contentType, ...headers }, bytes, trailers, bytes.length + lost))
const target = fc.oneof(fc.string(), fc.constantFrom('/', '//', '', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', '/grpc.health.v1.Health/Check'))

test('no call makes the lens throw', () => {
  fc.assert(fc.property(fc.option(direction, { nil: undefined }), fc.option(direction, { nil: undefined }), target, fc.constantFrom(0, 7, 65536), (request, response, path, bodyLimitBytes) => {
    const view = look(callOf(request, response, path), { ...DEFAULT_SETTINGS, bodyLimitBytes })
    const said = JSON.stringify([view.what, view.status, view.outcome, view.notes, view.request, view.response, view.showsBody])
    assert.ok(said.length > 0)
  }), { numRuns: 2000 })
})
