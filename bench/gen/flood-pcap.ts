// node bench/gen/flood-pcap.ts --connections 100000 --clients 20000 --out FILE: handshakes of TLS 1.2 that end with the server's certificates, none of them ever finished.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { capturedSteps } from './captured-steps.ts'
import { PcapOutput } from './pcap-output.ts'
import { SeededRandom } from './seeded-random.ts'
import { ACK, PSH, SYN, TcpSpeaker } from './tcp-speaker.ts'

const CAPTURE = fileURLToPath(new URL('../../test/fixtures/captures/tls12-mutual.pcapng', import.meta.url))
/** ClientHello, and the server's flight up to its ServerHelloDone. */
const STEPS = 2
const MSS = 1448
const FRAME_MICROS = 3
const NOTHING = new Uint8Array(0)

export async function writeFloodPcap(connections: number, clients: number, path: string): Promise<{ sizeBytes: number, frames: number }> {
  const steps = (await capturedSteps(CAPTURE))[0]!.slice(0, STEPS)
  const random = new SeededRandom(1)
  const out = new PcapOutput(path)
  let atMicros = 1_718_875_800_000_000
  for (let i = 0; i < connections; i++) {
    const client = new TcpSpeaker({ mac: 0x0a000000, ip: 0x0a000100 + i % clients, port: 1024 + Math.floor(i / clients) }, random)
    const server = new TcpSpeaker({ mac: 0x0a010001, ip: 0x0b010000, port: 443 }, random)
    client.meet(server)
    const say = (who: TcpSpeaker, flags: number, bytes: Uint8Array = NOTHING, from = 0, to = 0): void => who.say(out, atMicros += FRAME_MICROS, flags, bytes, from, to)
    say(client, SYN)
    say(server, SYN | ACK)
    say(client, ACK)
    for (const { side, bytes } of steps) for (let from = 0; from < bytes.length; from += MSS) say(side === 0 ? client : server, PSH | ACK, bytes, from, Math.min(bytes.length, from + MSS))
  }
  out.close()
  return { sizeBytes: out.sizeBytes, frames: out.frames }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { connections: { type: 'string', default: '100000' }, clients: { type: 'string', default: '20000' }, out: { type: 'string' } } })
  if (!(Number(values.connections) > 0) || !(Number(values.clients) > 0) || values.out === undefined) {
    console.error('usage: node bench/gen/flood-pcap.ts [--connections 100000] [--clients 20000] --out FILE')
    process.exit(2)
  }
  console.error(JSON.stringify(await writeFloodPcap(Number(values.connections), Number(values.clients), values.out)))
}
