import type { Readable } from 'node:stream'
import { readCaptureFile } from '../capture/capture-file.ts'
import { KeyLogs } from '../capture/key-logs.ts'
import type { Health } from '../model/health.ts'
import type { Micros } from '../model/time.ts'
import type { CaptureHandlers, CaptureInterface, SectionInfo } from '../net/capture-handlers.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import type { SecretSource } from '../protocols/secret-source.ts'
import type { Emitter, EngineOptions } from './engine.ts'
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

/** Takes what a file holds: frames into the engine, the rest to whoever wants to know. */
class FileFeed implements CaptureHandlers {
  /** Time of the last frame. */
  nowMicros: Micros = 0
  readonly #engine: Engine
  readonly #facts: FileFacts
  readonly #keyLogs: KeyLogs
  readonly #out: OfflineEmitter

  constructor(engine: Engine, facts: FileFacts, keyLogs: KeyLogs, out: OfflineEmitter) {
    this.#engine = engine
    this.#facts = facts
    this.#keyLogs = keyLogs
    this.#out = out
  }

  section(s: SectionInfo): void {
    this.#facts.ours = s.userApplication?.startsWith('mtlscope') ?? false
    this.#out.section?.(this.#facts.ours)
  }

  interface(i: CaptureInterface): void {
    this.#facts.add(i)
    this.#out.interface?.(i)
  }

  name(ip: string, given: readonly string[]): void {
    this.#facts.name(ip, given)
  }

  secrets(type: number, bytes: Uint8Array): void {
    this.#keyLogs.block(type, bytes)
    this.#out.secrets?.(type, bytes)
  }

  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: Micros, linkType: number, interfaceId: number): void {
    this.nowMicros = atMicros
    this.#engine.frame(buf, offset, captured, wire, atMicros, linkType, interfaceId)
  }

  beginBlock(buf: Uint8Array): void {
    this.#engine.beginBlock(buf)
  }

  endBlock(): void {
    this.#engine.endBlock()
  }
}

/**
 * Reads a capture file (`-` is standard input) through one engine. What was read before an error has been emitted when it throws.
 * A file that this program wrote has an interface for each namespace: connections seen in two of them stay apart.
 */
export async function tapFile(path: string, options: OfflineOptions, out: OfflineEmitter, done: (health: Health) => void): Promise<void> {
  const facts = new FileFacts()
  const keyLogs = options.keyLogs ?? new KeyLogs([])
  await keyLogs.ready
  const desk = keyLogs.secrets.desk()
  const engine = new Engine(engineOptions(options, facts, desk), out)
  const feed = new FileFeed(engine, facts, keyLogs, out)
  const stop = (): boolean => {
    keyLogs.poll()
    desk.tick(feed.nowMicros)
    return options.stop?.() ?? false
  }
  try {
    const { signal, onProgress, input } = options
    await readCaptureFile(path, feed, { signal, onProgress, stop, ...input === undefined ? {} : { input } })
  } finally {
    engine.end()
    desk.close()
    const health = engine.health()
    keyLogs.addTo(health)
    done(health)
  }
}

function engineOptions({ settings, filter, dissect, decodeAs, frameMarks, heldBytes }: OfflineOptions, facts: FileFacts, secrets: SecretSource): EngineOptions {
  return {
    settings: { ...settings, secrets }, filter, dissect, decodeAs, frameMarks, heldBytes, capture: 'pcap',
    scopeOf: (id) => facts.ours ? id : 0,
    interfaceName: (id) => facts.interfaceName(id),
    nameOf: (ip) => facts.nameOf(ip),
  }
}
