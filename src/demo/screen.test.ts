import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyHealth } from '../model/health.ts'
import type { Health } from '../model/health.ts'
import type { Terminal } from './live-region.ts'
import { Screen } from './screen.ts'
import type { ShownRequest } from './shown-request.ts'

/** A terminal of some lines as the escape sequences of the screen leave it. Only the sequences that the screen may use are known. */
class Recorder implements Terminal {
  readonly isTTY: boolean
  columns: number
  raw = ''

  constructor(isTTY: boolean, columns = 100) {
    this.isTTY = isTTY
    this.columns = columns
  }

  write(text: string): void {
    this.raw += text
  }

  /** What stands there now, without colours. */
  get lines(): string[] {
    const lines = ['']
    let row = 0
    let column = 0
    // eslint-disable-next-line no-control-regex
    for (const [token] of this.raw.matchAll(/\x1b\[[\d;]*[A-Za-z]|[^]/g)) {
      if (token === '\n') { row++; column = 0; lines[row] ??= '' }
      else if (token === '\r') column = 0
      else if (token === '\x1b[1A') row--
      else if (token === '\x1b[2K') lines[row] = ''
      else if (token === '\x1b[J') { lines.length = row + 1; lines[row] = lines[row]!.slice(0, column) }
      // eslint-disable-next-line no-control-regex
      else if (/^\x1b\[[\d;]*m$/.test(token)) continue
      else if (token.startsWith('\x1b')) assert.fail(`unknown sequence ${JSON.stringify(token)}`)
      else { lines[row] = lines[row]!.slice(0, column).padEnd(column) + token; column++ }
    }
    return lines.map((line) => line.trimEnd())
  }
}

const OPTIONS = { colour: false, utc: true, verbose: false, names: ['web', 'cart', 'stock', 'ads'] }

function request(over: Partial<ShownRequest> = {}): ShownRequest {
  return {
    atMicros: Date.UTC(2026, 2, 1, 12, 3, 41, 201) * 1000, from: 'web', to: 'cart', what: 'GET /cart/7', status: 200, outcome: 'ok',
    elapsedMicros: 1900, wire: 'mtls', details: ['TLS 1.3', 'X25519MLKEM768'], hops: [{ text: 'web ─clear─ sidecar' }], ...over,
  }
}

const CLEAR = request({ to: 'ads', what: 'GET /banner', wire: 'clear', details: ['ads has no sidecar'], elapsedMicros: 800 })

function health(packets: number, dropped = 0): Health {
  const namespaces = ['web', 'cart', 'stock'].map((name) => ({ name, capture: 'sidecar', interfaces: [], packets: 0, droppedByKernel: 0 }))
  return { ...emptyHealth(), packets, droppedByKernel: dropped, namespaces }
}

test('in a pipe: rows whose columns hold their place, the way of the first request of an edge, the edges when there is a new one, sums at the end', () => {
  const out = new Recorder(false)
  const screen = new Screen(out, OPTIONS)
  screen.header([{ text: 'mtlscope demo' }])
  screen.health(health(12))
  screen.request(request())
  screen.request(request({ from: 'cart', to: 'stock', what: 'POST /reserve', status: 201, elapsedMicros: 3200 }))
  screen.request(request())
  screen.request(CLEAR)
  screen.end(health(1482, 3))
  assert.equal(out.raw, [
    'mtlscope demo',
    '',
    ' 12:03:41.201  web   → cart   GET /cart/7                               200   1.9 ms  ●═● mTLS  TLS 1.3  X25519MLKEM768',
    '               web ─clear─ sidecar',
    ' edges  web→cart ●═●',
    ' 12:03:41.201  cart  → stock  POST /reserve                             201   3.2 ms  ●═● mTLS  TLS 1.3  X25519MLKEM768',
    '               web ─clear─ sidecar',
    ' edges  web→cart ●═●   cart→stock ●═●',
    ' 12:03:41.201  web   → cart   GET /cart/7                               200   1.9 ms  ●═● mTLS  TLS 1.3  X25519MLKEM768',
    ' 12:03:41.201  web   → ads    GET /banner                               200   0.8 ms  ─── CLEAR on the wire  ads has no sidecar',
    '               web ─clear─ sidecar',
    ' edges  web→cart ●═●   cart→stock ●═●   web→ads ───',
    '',
    ' edges  web→cart ●═●   cart→stock ●═●   web→ads ───      packets 1 482 · dropped 3 · 3 namespaces',
    '',
  ].join('\n'))
})

test('where it ends before the first request, it says so', () => {
  const out = new Recorder(false)
  const screen = new Screen(out, OPTIONS)
  screen.header([{ text: 'mtlscope demo' }])
  screen.end(health(2))
  assert.match(out.raw, /\n no request was seen +packets 2 · dropped 0 · 3 namespaces\n$/)
})

test('on a terminal: the footer is redrawn below the rows, and stays once at the end', () => {
  const out = new Recorder(true, 110)
  const screen = new Screen(out, OPTIONS)
  screen.header([{ text: 'mtlscope demo' }])
  screen.busy('making network namespaces')
  assert.deepEqual(out.lines, ['mtlscope demo', '', '', ' making network namespaces'])
  screen.busy('waiting')
  assert.deepEqual(out.lines, ['mtlscope demo', '', '', ' waiting'])
  screen.request(request())
  screen.health(health(5))
  screen.request(CLEAR)
  screen.health(health(9))
  assert.deepEqual(out.lines.map((line) => line.slice(0, 42).replace(/ {4,}pa$/, '').trimEnd()), [
    'mtlscope demo', '', ' 12:03:41.201  web   → cart   GET /cart/7', '               web ─clear─ sidecar',
    ' 12:03:41.201  web   → ads    GET /banner', '               web ─clear─ sidecar', '', ' edges  web→cart ●═●   web→ads ───',
  ])
  assert.match(out.lines.at(-1)!, /packets 9 ·/)
  screen.end(health(11))
  assert.match(out.lines.at(-2)!, /^ edges .* packets 11 ·/)
  assert.equal(out.lines.filter((line) => line.includes(' edges ')).length, 1)
})

test('no line is wider than the terminal, and a long path keeps its beginning and its end', () => {
  for (const columns of [40, 80, 100, 120, 200]) {
    const out = new Recorder(true, columns)
    const screen = new Screen(out, { ...OPTIONS, verbose: true })
    screen.header([{ text: 'mtlscope demo' }])
    screen.request(request({ what: 'GET /cart/7/recommendations?because=you-looked-at-the-tea-4711-and-stayed&limit=2', hops: [{ text: 'x'.repeat(300) }] }))
    screen.request(CLEAR)
    for (const line of out.lines) assert.ok(line.length < columns, `${line.length} of ${columns}: ${line}`)
    if (columns >= 80) assert.match(out.lines[2]!, /GET \/cart.*….*limit=2 /)
  }
})

test('with -v every request has its way below it', () => {
  const out = new Recorder(false)
  const screen = new Screen(out, { ...OPTIONS, verbose: true })
  for (let n = 0; n < 3; n++) screen.request(request())
  assert.equal(out.raw.match(/─clear─/g)?.length, 3)
})

test('colours carry meaning, and without them no escape sequence is written', () => {
  const coloured = new Recorder(false)
  const plain = new Recorder(false)
  for (const [out, colour] of [[coloured, true], [plain, false]] as const) {
    const screen = new Screen(out, { ...OPTIONS, colour })
    screen.request(request({ status: 503, outcome: 'server-error' }))
    screen.request(CLEAR)
  }
  assert.ok(coloured.raw.includes('\x1b[31m  503\x1b[0m'))
  assert.ok(coloured.raw.includes('\x1b[32m  ●═● mTLS\x1b[0m'))
  assert.ok(coloured.raw.includes('\x1b[31m  ─── CLEAR on the wire\x1b[0m'))
  assert.ok(!plain.raw.includes('\x1b'))
})

test('what a peer says cannot move the cursor', () => {
  const out = new Recorder(false)
  new Screen(out, OPTIONS).request(request({ what: 'GET /\x1b[2J\r\n\x07' }))
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(out.raw.replaceAll('\n', ''), /[\u0000-\u001f]/)
  assert.match(out.raw, /GET \/\\x1b\[2J\\x0d\\x0a\\x07/)
})

test('an edge that changes how it crosses changes its sign', () => {
  const out = new Recorder(true, 110)
  const screen = new Screen(out, OPTIONS)
  screen.request(request())
  screen.request(request({ wire: 'unknown' }))
  assert.match(out.lines.at(-1)!, /web→cart ●═●/)
  screen.request(request({ wire: 'clear' }))
  assert.match(out.lines.at(-1)!, /web→cart ───/)
})

test('what a verdict was inferred from is said once, and fits a narrow terminal', () => {
  const out = new Recorder(true, 80)
  const screen = new Screen(out, OPTIONS)
  const evidence = 'mTLS is inferred: client flight too long without a certificate'
  screen.request(request({ evidence }))
  screen.request(request({ evidence }))
  assert.equal(out.lines.filter((line) => line.trim() === evidence).length, 1)
})
