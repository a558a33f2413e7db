import type { Verdict } from '../../src/check/verdict.ts'
import type { CapturedFrame } from './check-cells.ts'
import type { Witness } from './check-client.ts'
import type { CheckServer } from './check-servers.ts'

/** One kind of connection of the table, made for real: a full handshake, and one that resumes its session. */
export interface Cell {
  readonly server: CheckServer
  readonly version: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** The client has a certificate that the server trusts. */
  readonly has: boolean
  readonly full: Witness
  readonly fullFrames: readonly CapturedFrame[]
  /** Undefined where the handshake came to nothing, so that there is no session. */
  readonly resumed: Witness | undefined
  readonly resumedFrames: readonly CapturedFrame[]
}

/** What a connection of the cell really is: both sides proved who they are; only the server did; nobody; there is no connection. */
export type Truth = 'mutual' | 'server only' | 'plain' | 'refused'

/** From how server and client were started, and from nothing that was captured. */
export function truthOf({ server, version, has }: Pick<Cell, 'server' | 'version' | 'has'>): Truth {
  if (version === undefined) return 'plain'
  if (server.asks !== 'not asked' && has) return 'mutual'
  // nginx finishes each handshake, and says 400 to the request.
  return server.asks === 'required' && server.product !== 'nginx' ? 'refused' : 'server only'
}

/** What one connection of it, seen whole, is for who only looks. Undefined: nothing, since there was none. */
export function passiveVerdict(cell: Cell): Verdict | undefined {
  switch (truthOf(cell)) {
    case 'mutual': return cell.version === 'TLSv1.2' ? 'mtls' : 'mtls (inferred)'
    case 'server only': return 'tls'
    case 'plain': return 'plaintext'
    default: return undefined
  }
}

/** The same with the word of a probe: it raises TLS 1.3 where the server insists on a certificate in the handshake. */
export function probedVerdict(cell: Cell): Verdict | undefined {
  const insists = cell.server.asks === 'required' && cell.server.product !== 'nginx'
  return truthOf(cell) === 'mutual' && insists ? 'mtls' : passiveVerdict(cell)
}

export function cellName({ server, version, has }: Cell): string {
  return `${server.product}, certificate ${server.asks}, ${version ?? 'plaintext'}, client has ${has ? 'one' : 'none'}`
}
