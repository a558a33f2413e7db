import type { Readable } from 'node:stream'
import type { CaptureInterface } from '../capture/capture-file.ts'
import { readCaptureFile } from '../capture/capture-file.ts'
import { KeyLogs } from '../capture/key-logs.ts'
import type { Health } from '../model/health.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import type { Emitter } from './engine.ts'
import { Engine } from './engine.ts'

/** Interfaces and names that a file may bring; further ones are not remembered, so that a forged file cannot fill the memory. */
const MAX_REMEMBERED = 100_000

export interface OfflineOptions {
  settings: Settings
  filter?: PacketFilter
  dissect?: boolean
  decodeAs?: DecodeAs
  /** Read for TLS secrets as well as the file's own decryption secrets blocks. The caller closes them. */
  keyLogs?: KeyLogs
  signal?: AbortSignal
  /** Read instead of the path, which only names it then. */
  input?: Readable
  onProgress?: (readBytes: number, totalBytes: number | undefined) => void
  /** Remember the numbers of frames: see EngineOptions. */
  frameMarks?: boolean
  heldBytes?: number
  /** Asked after each chunk of the file: true ends the reading early. */
  stop?: () => boolean
}

export interface OfflineEmitter extends Emitter {
  interface?(i: CaptureInterface): void
  /** A section of the file begins; `ours`: this program wrote it, with an interface for each namespace. */
  section?(ours: boolean): void
  /** A decryption secrets block: kept, and written on. */
  secrets?(type: number, bytes: Uint8Array): void
}

/** What a file says of where it was captured, as far as it was read. */
class FileFacts {
  /** This program wrote the section: it has an interface for each namespace. */
  ours = false
  readonly #interfaces = new Map<number, CaptureInterface>()
  readonly #names = new Map<string, string>()

  add(i: CaptureInterface): void {
    if (this.#interfaces.size < MAX_REMEMBERED) this.#interfaces.set(i.id, i)
  }

  interfaceName(id: number): string | undefined {
    return this.#interfaces.get(id)?.name
  }

  name(ip: string, given: readonly string[]): void {
    if (given[0] !== undefined && this.#names.size < MAX_REMEMBERED) this.#names.set(ip, given[0])
  }

  nameOf(ip: string): string | undefined {
    return this.#names.size === 0 ? undefined : this.#names.get(ip)
  }
}

/**
 * Reads a capture file (`-` is standard input) through one engine. What was read before an error has been emitted when it throws.
 * A file that this program wrote has an interface for each namespace: connections seen in two of them stay apart.
 */
export async function tapFile(path: string, options: OfflineOptions, out: OfflineEmitter, done: (health: Health) => void): Promise<void> {
  const facts = new FileFacts()
  let nowMicros = 0
  const keyLogs = options.keyLogs ?? new KeyLogs([])
  const secrets = keyLogs.secrets.desk()
  const engine = new Engine({
    settings: { ...options.settings, secrets },
    filter: options.filter,
    dissect: options.dissect,
    decodeAs: options.decodeAs,
    frameMarks: options.frameMarks,
    heldBytes: options.heldBytes,
    capture: 'pcap',
    scopeOf: (id) => facts.ours ? id : 0,
    interfaceName: (id) => facts.interfaceName(id),
    nameOf: (ip) => facts.nameOf(ip),
  }, out)
  try {
    await readCaptureFile(path, {
      section: (s) => {
        facts.ours = s.userApplication?.startsWith('mtlscope') ?? false
        out.section?.(facts.ours)
      },
      interface: (i) => {
        facts.add(i)
        out.interface?.(i)
      },
      name: (ip, given) => facts.name(ip, given),
      secrets: (type, bytes) => {
        keyLogs.secrets.block(type, bytes)
        out.secrets?.(type, bytes)
      },
      frame: (buf, offset, captured, wire, at, linkType, id) => {
        nowMicros = at
        engine.frame(buf, offset, captured, wire, at, linkType, id)
      },
      beginBlock: (buf) => engine.beginBlock(buf),
      endBlock: () => engine.endBlock(),
    }, { signal: options.signal, onProgress: options.onProgress, ...options.input === undefined ? {} : { input: options.input }, stop: () => {
      keyLogs.poll()
      secrets.tick(nowMicros)
      return options.stop?.() ?? false
    } })
  } finally {
    engine.end()
    secrets.close()
    const health = engine.health()
    keyLogs.addTo(health)
    done(health)
  }
}
