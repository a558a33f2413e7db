import { byFlow, endpoint, tapMessages } from './tap-messages.ts'
import type { Tapped } from './tap-messages.ts'
import type { Http2Half, Http2Reading } from './tshark-http2.ts'
import { halfOf } from './tshark-http2.ts'

interface Header { name: string, value: string }
interface Half { stream: number, part?: number, headers: Header[], trailers?: Header[], bodyBytes: number, body?: { text?: string, base64?: string, encoding?: string } }
interface Request extends Half { method: string, path: string, scheme?: string, authority?: string, protocol?: string }
interface Response extends Half { status?: number, interim?: { status: number, headers: Header[] }[] }
interface Goaway { goaway?: { errorCode: string, lastStream: number } }

/** What the tap makes of the HTTP/2 in a capture, in the words of the comparison. */
export async function tapHttp2(path: string): Promise<Http2Reading> {
  const { messages } = await tapMessages(path)
  const reading: Http2Reading = { halves: new Map(), goaways: [] }
  for (const list of byFlow(messages.filter(({ message }) => message.protocol === 'http2')).values()) for (const tapped of list) take(reading, tapped)
  return reading
}

function take(reading: Http2Reading, { flow, message }: Tapped): void {
  const [client, server] = [endpoint(flow.client), endpoint(flow.server)]
  const request = message.request as (Request & Goaway) | undefined
  const response = message.response as (Response & Goaway) | undefined
  for (const [sender, goaway] of [[client, request?.goaway], [server, response?.goaway]] as const) {
    if (goaway !== undefined) reading.goaways.push(`${sender} ${goaway.errorCode} ${goaway.lastStream}`)
  }
  const isPushed = message.notes?.some((note) => note.includes('PUSH_PROMISE')) === true
  const isUpgraded = message.notes?.some((note) => note.includes('HTTP/1.1 with Upgrade')) === true
  if (request?.method !== undefined && !isUpgraded) addRequest(halfOf(reading, `${request.stream} ${isPushed ? `${server} > ${client}` : `${client} > ${server}`}`), request)
  if (response?.status !== undefined) addResponse(halfOf(reading, `${response.stream} ${server} > ${client}`), response)
  const reset = /^reset by the (\w+): (\w+)$/.exec(message.notes?.[0] ?? '')
  if (reset !== null) halfOf(reading, `${(request ?? response)!.stream} ${reset[1] === 'client' ? `${client} > ${server}` : `${server} > ${client}`}`).reset = reset[2]
}

function addRequest(half: Http2Half, request: Request): void {
  const { method, path, scheme, authority } = request
  const pseudo = Object.entries({ ':method': method, ':path': path, ':scheme': scheme, ':authority': authority }).filter(([, value]) => value !== undefined)
  add(half, request, pseudo.map(([name, value]) => `${name}: ${value}`))
}

function addResponse(half: Http2Half, response: Response): void {
  for (const { status, headers } of response.interim ?? []) half.blocks.push([`:status: ${status}`, ...lines(headers)].toSorted())
  add(half, response, [`:status: ${response.status}`])
}

/** Undefined for what is shown decoded or with its structure. */
function hexOf(body: Half['body'], bodyBytes: number): string | undefined {
  if (bodyBytes === 0) return ''
  if (body?.encoding !== undefined) return undefined
  if (body?.text !== undefined) return Buffer.from(body.text).toString('hex')
  return body?.base64 === undefined ? undefined : Buffer.from(body.base64, 'base64').toString('hex')
}

function add(half: Http2Half, { part, headers, trailers, body, bodyBytes }: Half, pseudo: string[]): void {
  if ((part ?? 1) === 1) half.blocks.push([...pseudo, ...lines(headers)].toSorted())
  if (trailers !== undefined) half.blocks.push(lines(trailers).toSorted())
  const hex = hexOf(body, bodyBytes)
  half.bodyBytes += bodyBytes
  half.body = hex === undefined || half.body === undefined ? undefined : half.body + hex
}

function lines(headers: readonly Header[]): string[] {
  return headers.map(({ name, value }) => `${name}: ${value}`)
}
