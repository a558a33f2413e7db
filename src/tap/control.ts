import type { Capture } from '../model/flow.ts'
import type { Health } from '../model/health.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import type { LineFormat } from './output.ts'

/** A place to capture live. */
export interface LiveSource {
  /** `/proc/PID/ns/net`, `/run/netns/NAME`, or '' for the namespace of this program. */
  path: string
  /** What it is removed and renamed by; default: its path, which may be another's by then where it is that of a process. */
  key?: string
  /** Inode of the namespace that is meant: a process number may be another's by the time it is opened. */
  inode?: number
  /** For people, in messages and health. Empty for the own namespace. */
  name: string
  capture: Capture
  /** Names of interfaces, or `any`. */
  interfaces: string[]
  /** Names for addresses (`10.0.0.7`) and for loopback ports (`:8080`). */
  names?: Record<string, string>
  /** Only packets of these addresses, for a namespace that holds more workloads than asked for. */
  onlyHosts?: string[]
}

/** What a capture thread is started with. */
export interface WorkerSetup {
  worker: number
  workers: number
  /** How many threads had this place before and crashed: what they called their flows is not said again. */
  crashed: number
  /** Readable when there are commands (src/sys/wake-up.ts). */
  wakeFd: number
  settings: Settings
  filter: PacketFilter | undefined
  /** In the language of docs/filter.md. */
  messageFilter: string | undefined
  format: LineFormat
  /** Also hand over the frames, as pcapng blocks. */
  frames: boolean
  /** Frames of different interfaces of a namespace are told apart: `web/eth0`. */
  interfacesApart: boolean
  dissect: boolean
  decodeAs: DecodeAs | undefined
  /** Paths of key logs, which each thread reads for itself. */
  keyLogs: readonly string[]
  /** Say how far everything has been read, also where nothing was. */
  tellsProgress?: boolean
  /** Before the ids of flows, where captures of several programs are brought together. */
  flowPrefix?: string
}

/** Main thread to capture thread. */
export type Command =
  | { kind: 'add', id: number, source: LiveSource, fanoutGroup: number | undefined, expectedSources: number }
  | { kind: 'remove', id: number }
  /** Changes of names, of one source or, without an id, of all. */
  | { kind: 'names', id?: number, names: Record<string, string> }
  /** Bytes of batches that the main thread has dealt with, and the memory of one for another. */
  | { kind: 'credit', bytes: number, room?: ArrayBuffer }
  | { kind: 'stop' }

/** Capture thread to main thread. */
export type Report =
  | { kind: 'added', id: number, notes: string[], interfaces: string[] }
  | { kind: 'failed', id: number, code: string, message: string, hint: string | undefined }
  | { kind: 'removed', id: number }
  | { kind: 'lines', text: Uint8Array<ArrayBuffer>, lines: number }
  | { kind: 'frames', blocks: Uint8Array }
  /** Of everything that interfaces had seen by then, in microseconds since 1970, the lines have been reported. */
  | { kind: 'read', toMicros: number }
  /** For the user, each text once. */
  | { kind: 'warning', text: string }
  | { kind: 'health', health: Health }
  | { kind: 'stopped', health: Health }
