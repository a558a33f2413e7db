import type { FilterSubject } from './subject.ts'

/** A failed request, or what `own` makes of it. */
export class MessageLike implements FilterSubject {
  readonly id = 7
  readonly atMicros = Date.parse('2026-11-21T12:03:41.201Z') * 1000 + 456
  readonly elapsedMicros = 2500
  readonly protocol: string = 'http1'
  readonly what = 'POST /cart/7?sku=tea%20pot'
  readonly statusCode = 500
  readonly status = ''
  readonly outcome = 'server-error'
  readonly complete = true
  readonly decrypted = false
  readonly requestBytes = 9
  readonly responseBytes = 30
  readonly flow = { id: 'a1', client: { ip: '127.0.0.1', port: 40000, name: 'web' }, server: { ip: '10.77.0.2', port: 8080, name: 'cart.shop' }, capture: 'netns', hop: 'clear', namespace: 'web', interface: 'lo' }
  readonly notes = ['request: the body was cut']
  readonly request: object | undefined = {
    method: 'POST', path: '/cart/7?sku=tea%20pot', version: '1.1', headers: [{ name: 'Host', value: 'cart' }, { name: 'Cookie', value: 'a=b; c=d' }], bodyBytes: 9, body: { json: { n: 1 } },
  }
  readonly response: object | undefined = { status: 500, reason: 'x', headers: [{ name: 'Set-Cookie', value: 's=1; Path=/' }], body: { json: { items: [{ n: 1 }, { n: 2 }] } } }

  constructor(own: { readonly protocol?: string, readonly request?: object | undefined, readonly response?: object | undefined } = {}) {
    if (own.protocol !== undefined) this.protocol = own.protocol
    if ('request' in own) this.request = own.request
    if ('response' in own) this.response = own.response
  }

  get record(): string {
    return JSON.stringify({ protocol: this.protocol, what: this.what, request: this.request, response: this.response })
  }
}
