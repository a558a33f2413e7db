import type { Side } from '../model/side.ts'
import { CLIENT } from '../model/side.ts'
import type { Probe, Protocol } from './protocol.ts'

/** The protocol that claims the bytes, `more` while one still may, or `none`. */
export type Found = { readonly protocol: Protocol, readonly swapped: boolean } | 'more' | 'none'

const NONE = new Uint8Array(0)

/** Asks those that expect the port first, then the others; `wrong` are not asked again. */
export function detect(
  protocols: readonly Protocol[], serverPort: number, wrong: readonly Protocol[] | undefined, client: Uint8Array, server: Uint8Array,
): Found {
  const first = ask(protocols, serverPort, true, wrong, client, server)
  if (typeof first === 'object') return first
  const second = ask(protocols, serverPort, false, wrong, client, server)
  return second === 'none' ? first : second
}

/** For bytes of one side from the middle of a connection: who sent them is asked both ways where `maySwap` says so. */
export function detectEither(
  protocols: readonly Protocol[], serverPort: number, wrong: readonly Protocol[] | undefined, side: Side, bytes: Uint8Array, maySwap: boolean,
): Found {
  const straight = detect(protocols, serverPort, wrong, side === CLIENT ? bytes : NONE, side === CLIENT ? NONE : bytes)
  if (typeof straight === 'object' || !maySwap) return straight
  const crossed = detect(protocols, serverPort, wrong, side === CLIENT ? NONE : bytes, side === CLIENT ? bytes : NONE)
  if (typeof crossed === 'object') {
    // What is sent to a port of that protocol and looks like an answer of it may be the rest of a request: Redis writes both alike.
    return side === CLIENT && crossed.protocol.ports.includes(serverPort) ? straight : { protocol: crossed.protocol, swapped: true }
  }
  return straight === 'more' ? straight : crossed
}

function ask(
  protocols: readonly Protocol[], serverPort: number, expected: boolean, wrong: readonly Protocol[] | undefined,
  client: Uint8Array, server: Uint8Array,
): Found {
  let open = false
  for (const protocol of protocols) {
    if (protocol.ports.includes(serverPort) !== expected || wrong?.includes(protocol)) continue
    const verdict: Probe = protocol.probe(client, server)
    if (verdict === 'yes') return { protocol, swapped: false }
    if (verdict === 'more') open = true
  }
  return open ? 'more' : 'none'
}
