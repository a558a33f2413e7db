const text = { type: 'string' }
const pair = { type: 'object', required: ['name', 'value'], properties: { name: text, value: text, comment: text } }
const list = (items: object): object => ({ type: 'array', items })
const message = {
  cookies: list({ ...pair, properties: { ...pair.properties, path: text, domain: text, expires: text, httpOnly: { type: 'boolean' }, secure: { type: 'boolean' } } }),
  headers: list(pair), httpVersion: text, headersSize: { type: 'integer', minimum: -1 }, bodySize: { type: 'integer', minimum: -1 }, comment: text,
}

/** HAR 1.2 as its specification has it (http://www.softwareishard.com/blog/har-12-spec/), as JSON Schema. */
export const HAR_SCHEMA = {
  type: 'object', required: ['log'], properties: {
    log: {
      type: 'object', required: ['version', 'creator', 'entries'], properties: {
        version: { const: '1.2' }, creator: { type: 'object', required: ['name', 'version'], properties: { name: text, version: text, comment: text } },
        entries: list({
          type: 'object', required: ['startedDateTime', 'time', 'request', 'response', 'cache', 'timings'], properties: {
            startedDateTime: { type: 'string', format: 'date-time' }, time: { type: 'number', minimum: 0 }, serverIPAddress: text, connection: text, comment: text, cache: { type: 'object' },
            request: {
              type: 'object', required: ['method', 'url', 'httpVersion', 'cookies', 'headers', 'queryString', 'headersSize', 'bodySize'], properties: {
                ...message, method: text, url: { type: 'string', minLength: 1 }, queryString: list(pair),
                postData: { type: 'object', required: ['mimeType', 'text', 'params'], properties: { mimeType: text, text, params: list({ ...pair, required: ['name'] }) } },
              },
            },
            response: {
              type: 'object', required: ['status', 'statusText', 'httpVersion', 'cookies', 'headers', 'content', 'redirectURL', 'headersSize', 'bodySize'], properties: {
                ...message, status: { type: 'integer' }, statusText: text, redirectURL: text,
                content: { type: 'object', required: ['size', 'mimeType'], properties: { size: { type: 'integer', minimum: 0 }, compression: { type: 'integer' }, mimeType: text, text, encoding: text } },
              },
            },
            timings: { type: 'object', required: ['send', 'wait', 'receive'], properties: { send: { type: 'number', minimum: -1 }, wait: { type: 'number', minimum: -1 }, receive: { type: 'number', minimum: -1 } } },
          },
        }),
      },
    },
  },
} as const
