import { CLIENT } from '../../model/side.ts'
import type { Sample } from '../contract.fixture.ts'
import { text } from '../contract.fixture.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const client = (hex: string): Sample['steps'][number] => ({ side: CLIENT, at: 1000, bytes: Buffer.from(SIGNATURE + hex, 'hex') })

/** What follows a header is another protocol's sample. */
export const SAMPLES: readonly Sample[] = [
  { name: 'version 1', steps: [text(CLIENT, 'PROXY TCP4 10.1.2.3 10.0.0.9 51234 443\r\n', 1000)] },
  { name: 'version 1, IPv6', steps: [text(CLIENT, 'PROXY TCP6 2001:db8::1 2001:db8::2 51234 443\r\n', 1000)] },
  { name: 'version 1, for itself', steps: [text(CLIENT, 'PROXY UNKNOWN\r\n', 1000)] },
  { name: 'version 2', steps: [client('2111000c0a0102030a000009c82201bb')] },
  { name: 'version 2, with a value behind the addresses', steps: [client('211100130a0102030a000009c82201bb0500046162636400'.slice(0, -2))] },
  { name: 'version 2, for itself', steps: [client('20000000')] },
]
