import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readCaptureFile } from '../../src/capture/capture-file.ts'
import type { Side } from '../../src/model/side.ts'
import { CLIENT } from '../../src/model/side.ts'
import { everySample } from '../../src/protocols/every-sample.fixture.ts'

const CAPTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))

/** Bytes of one side of a connection, or one frame as it was captured. */
export interface Piece {
  readonly side: Side
  readonly bytes: Uint8Array
  readonly atMicros: number
  /** It was sent and never captured. */
  readonly isLost: boolean
}

/** What cases are made of: a sample of a protocol, or a capture. */
export interface Source {
  readonly name: string
  /** Of samples: whose dissector reads them. */
  readonly protocol: string
  readonly pieces: readonly Piece[]
  /** The pieces are frames of this link type. */
  readonly linkType: number | undefined
}

/** `protocol`: only its samples, and captures whose name begins so. */
export async function readSources(protocol: string | undefined): Promise<Source[]> {
  const sources: Source[] = []
  for (const [name, samples] of await everySample()) {
    if (protocol !== undefined && protocol !== name) continue
    for (const sample of samples) sources.push({ name: `${name}: ${sample.name}`, protocol: name, linkType: undefined, pieces: sample.steps.map(({ side, bytes, at }) => ({ side, bytes, atMicros: at, isLost: false })) })
  }
  for (const file of readdirSync(CAPTURES)) {
    if (/\.pcap(?:ng)?$/.test(file) && (protocol === undefined || file.startsWith(protocol))) sources.push(await readCapture(file))
  }
  return sources
}

async function readCapture(file: string): Promise<Source> {
  const pieces: Piece[] = []
  let linkType = 1
  await readCaptureFile(`${CAPTURES}${file}`, {
    interface() {},
    frame: (buf, offset, captured, _wire, atMicros, type) => {
      linkType = type
      pieces.push({ side: CLIENT, bytes: new Uint8Array(buf.subarray(offset, offset + captured)), atMicros, isLost: false })
    },
  }, {})
  return { name: file, protocol: file.replace(/-.*/, ''), pieces, linkType }
}
