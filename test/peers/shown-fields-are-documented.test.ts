import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DATAGRAM_PROTOCOLS, PROTOCOLS } from '../../src/protocols/registry.ts'
import { byFlow, tapMessages } from './tap-messages.ts'

const CAPTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const PAGES = fileURLToPath(new URL('../../docs/protocols/', import.meta.url))

/** Pages that a reader of the protocol's own is sent to. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  http1: ['bodies'], http2: ['http1', 'bodies'], grpc: ['http2', 'http1', 'bodies'], graphql: ['http1', 'http2', 'bodies', 'websocket'], websocket: ['bodies', 'graphql'],
  amqp: ['amqp-methods'], kafka: ['kafka-fields'], tcp: [], udp: [],
}
/** What peers named: nobody can list it. Ends of paths below `request` and `response`. */
const NAMED_BY_PEERS: Readonly<Record<string, readonly string[]>> = {
  http1: ['body.json'], http2: ['body.json'], grpc: ['messages.value', 'grpc.details', 'body.json'], websocket: ['body.json', 'graphql.data', 'graphql.payload', 'graphql.variables', 'errors.locations'],
  graphql: ['body.json', 'graphql.data', 'graphql.variables', 'graphql.extensions', 'batch.data', 'batch.variables', 'errors.locations', 'errors.extensions'],
  amqp: ['serverProperties', 'clientProperties', 'arguments.arguments', 'properties.headers'], memcached: ['stats', 'commands', 'statuses'],
  mongodb: ['body', 'sequences', 'documents'], mysql: ['request.attributes', 'results.rows'], postgres: ['request.parameters', 'response.parameters', 'results.rows'],
  redis: ['value', 'response.attributes'],
}

/** Every name in it that is ours, with its path. */
function addNames(names: Map<string, string>, value: unknown, path: string, opaque: readonly string[]): void {
  if (typeof value !== 'object' || value === null || opaque.some((end) => path.endsWith(`.${end}`))) return
  // Elements of a list have the path of the list.
  if (Array.isArray(value)) for (const item of value) addNames(names, item, path, opaque)
  else {
    for (const [name, item] of Object.entries(value)) {
      names.set(name, `${path}.${name}`)
      addNames(names, item, `${path}.${name}`, opaque)
    }
  }
}

/** Names that JSON showed of each protocol, in the captures whose names begin with `kind`. */
async function shownNames(kind: string): Promise<Map<string, Map<string, string>>> {
  const shown = new Map<string, Map<string, string>>()
  for (const file of readdirSync(CAPTURES).filter((name) => name.startsWith(`${kind}-`) && /\.pcap(ng)?$/.test(name))) {
    const { messages } = await tapMessages(join(CAPTURES, file), { ciphertextTurns: true })
    // One of a kind has all that its kind has; the first of each connection are enough of those with thousands of messages.
    for (const tapped of byFlow(messages).values()) {
      for (const { message } of tapped.slice(0, 200)) {
        const { protocol } = message
        const names = shown.get(protocol) ?? new Map<string, string>()
        shown.set(protocol, names)
        const opaque = NAMED_BY_PEERS[protocol] ?? []
        addNames(names, message.request, `${protocol}.request`, opaque)
        addNames(names, message.response, `${protocol}.response`, opaque)
      }
    }
  }
  return shown
}

function pageOf(protocol: string): string {
  const own = protocol === 'tcp' || protocol === 'udp' ? [] : [protocol]
  return ['README', ...own, ...FURTHER[protocol] ?? []].map((name) => readFileSync(join(PAGES, `${name}.md`), 'utf8')).join('\n')
}

test('the first page names every protocol and leads to its page', () => {
  const first = readFileSync(join(PAGES, 'README.md'), 'utf8')
  for (const name of new Set([...PROTOCOLS, ...DATAGRAM_PROTOCOLS].map((protocol) => protocol.name).concat('grpc', 'graphql'))) {
    assert.ok(first.includes(`\`${name}\``) && first.includes(`](${name}.md)`), name)
  }
})

const KINDS = new Set(readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap')).map((name) => /^[a-z0-9]+/.exec(name)![0]))

for (const kind of KINDS) {
  test(`${kind}: the pages name every field that its captures show`, async () => {
    for (const [protocol, names] of await shownNames(kind)) {
      const words = new Set(pageOf(protocol).match(/[A-Za-z_][\w]*/g))
      assert.deepEqual([...names].filter(([name]) => !words.has(name)).map(([, path]) => path), [], protocol)
    }
  })
}
