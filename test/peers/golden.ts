import { tsharkVersion } from './pdml.ts'
import { tsharkHttp1 } from './tshark-http1.ts'
import type { Http1Stream } from './tshark-http1.ts'
import { tsharkTls } from './tshark-tls.ts'
import type { TlsStream } from './tshark-tls.ts'

/** What tshark said of a capture, kept beside it so that the comparison holds where no tshark is installed. */
export interface Golden<Stream> { readonly tshark: string, readonly streams: Stream[] }

/** Ports that tshark has to be told about. */
export const DECODE_AS = ['-d', 'tcp.port==8443,tls', '-d', 'tcp.port==15006,tls', '-d', 'tcp.port==8088,http']

export function http1Golden(path: string): Golden<Http1Stream> {
  return { tshark: tsharkVersion() ?? 'not installed', streams: tsharkHttp1(path, DECODE_AS) }
}

export function tlsGolden(path: string): Golden<TlsStream> {
  return { tshark: tsharkVersion() ?? 'not installed', streams: tsharkTls(path, DECODE_AS) }
}

export function goldenOf(kind: 'http1' | 'tls', path: string): Golden<Http1Stream | TlsStream> {
  return kind === 'http1' ? http1Golden(path) : tlsGolden(path)
}
