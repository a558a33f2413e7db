// Captures that others made, judged by tshark: the same requests and responses, field by field.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { need } from '../../../test/require.ts'
import { parseCapture } from '../../net/capture-parser.ts'
import { Engine } from '../../tap/engine.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { headerValue } from '../http/headers.ts'
import type { RequestView, ResponseView } from './view.ts'

const FOLDER = fileURLToPath(new URL('../../../../shared/captures/', import.meta.url))

/** What tshark leaves out or in, and why. */
const DIFFERENCES: Record<string, string> = {
  'PcapPlusPlus/PartialHttpRequest.pcap': 'cut within a head: shown here as far as it goes',
  'PcapPlusPlus/TwoHttpResponses.pcap': 'cut within bodies: shown here as far as they go',
  'deepflow/client-ip.pcap': 'cut within a body: shown here as far as it goes',
  'deepflow/istio-tcp-frag.pcap': 'cut within a head: shown here as far as it goes',
  'mercury/http_auth.pcap': 'cut within a body: shown here as far as it goes',
  'mercury/multi_packet_http_request.pcap': 'cut within a head: shown here as far as it goes',
  'mercury/multi_packet_http_request_ua.pcap': 'cut within a head: shown here as far as it goes',
  'mercury/multi_packet_http_response.pcap': 'cut within a head: shown here as far as it goes',
  'tcpdump/arcnet-rfc1051-arp-icmp-http.pcap': 'ARCNET is not followed',
  'tcpdump/arcnet-rfc1201-arp-icmp-http.pcap': 'ARCNET is not followed',
  'zeek/http-on-port-5432.pcap': 'recognised here on any port',
}

const FIELDS = ['frame.number', 'http.request.method', 'http.request.uri', 'http.request.version', 'http.response.code', 'http.response.phrase',
  'http.response.version', 'http.content_length_header', 'http.host', 'http.content_type', 'http.user_agent', 'http.server']

const SEPARATOR = '\u0001'

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1 << 27 })
  return stdout
}

const shownFor = (what: string[], headers: string[]): string => [...what, ...headers.filter((value) => value !== '')].join(' | ')

/** Content-Length, Host, Content-Type, User-Agent, Server. */
function ourHeaders({ headers }: RequestView | ResponseView): string[] {
  return ['content-length', 'host', 'content-type', 'user-agent', 'server'].map((name) => headerValue(headers, name))
}

/** Requests and responses of a capture, in no order, and how many frames it has. */
async function ours(path: string): Promise<{ shown: string[], frames: number }> {
  const shown: string[] = []
  const engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap' }, {
    message: (_flow, m) => {
      if (m.protocol !== 'http1') return
      const request = m.request as RequestView | undefined
      const response = m.response as ResponseView | undefined
      if (request !== undefined) shown.push(shownFor([request.method, request.target ?? request.path, request.version], ourHeaders(request)))
      for (const { status, reason } of response?.interim ?? []) shown.push(shownFor([String(status), reason, '1.1'], []))
      if (response !== undefined) shown.push(shownFor([String(response.status), response.reason, response.version], ourHeaders(response)))
    },
  })
  const { frames } = parseCapture(await readFile(path), {
    interface() {}, frame: (buf, offset, captured, wire, at, link, id) => engine.frame(buf, offset, captured, wire, at, link, id),
  })
  engine.end()
  return { shown, frames }
}

/** The same from one row of tshark, which may hold several messages; header fields are only told apart where there is one. */
function theirs(row: string): string[] {
  const [, method, uri, version, code, phrase, responseVersion, ...headers] = row.split('\t').map((cell) => cell === '' ? [] : cell.split(SEPARATOR))
  const single = method!.length + code!.length === 1
  const values = single ? headers.map((header) => header.join(', ')) : []
  return [
    ...method!.map((name, i) => shownFor([name, uri![i]!, version![i]!.slice(5)], values)),
    ...code!.map((status, i) => shownFor([status, phrase![i] ?? '', responseVersion![i]!.slice(5)], values)),
  ]
}

async function judge(path: string): Promise<string[]> {
  const fields = FIELDS.flatMap((field) => ['-e', field])
  const text = await run('tshark', '-r', path, '-Y', 'http', '-T', 'fields', '-E', 'occurrence=a', '-E', `aggregator=${SEPARATOR}`, ...fields)
  return text.split('\n').filter((row) => row !== '')
}

const isSame = (a: string[], b: string[]): boolean => a.toSorted().join('\n') === b.toSorted().join('\n')

test('the captures of other projects show what tshark shows', async (t) => {
  const programs = await Promise.all([run('tshark', '--version'), run('mergecap', '--version')]).then(() => true, () => false)
  if (!need(t, 'captures', existsSync(FOLDER) && programs, 'the folder ../shared/captures, tshark or mergecap')) return
  const index = await readFile(join(FOLDER, 'INDEX.tsv'), 'utf8')
  const names = index.split('\n').map((line) => line.split('\t')).filter((cells) => cells[3] === 'http1').map((cells) => cells[0]!)
  assert.ok(names.length > 30)
  const folder = await mkdtemp(join(tmpdir(), 'mtlscope-http1-'))
  t.after(() => rm(folder, { recursive: true }))
  const all = join(folder, 'all.pcapng')
  await run('mergecap', '-a', '-w', all, ...names.map((name) => join(FOLDER, name)))
  const rows = await judge(all)
  let first = 1
  let agreed = 0
  for (const name of names) {
    const { shown, frames } = await ours(join(FOLDER, name))
    const judged = rows.filter((row) => Number.parseInt(row, 10) >= first && Number.parseInt(row, 10) < first + frames).flatMap(theirs)
    first += frames
    // The same connection may be in two of the files, and then the joined one holds it twice.
    const alone = name in DIFFERENCES || isSame(shown, judged) ? judged : (await judge(join(FOLDER, name))).flatMap(theirs)
    if (name in DIFFERENCES) assert.ok(!isSame(shown, alone), `${name} agrees: it is no difference any more`)
    else {
      assert.deepEqual(shown.toSorted(), alone.toSorted(), name)
      agreed += alone.length
    }
  }
  assert.ok(agreed > 100, `only ${agreed} messages`)
})
