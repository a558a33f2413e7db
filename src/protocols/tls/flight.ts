import { hashBytesOf, tagBytesOf } from './cipher-suites.ts'
import { MAX_FLIGHT_RECORDS } from './limits.ts'
import { HEADER_BYTES } from './record.ts'
import type { Micros } from '../../model/time.ts'

/** type and length of a handshake message, and the content type that is encrypted with it (RFC 8446 §4, §5.2). */
const FINISHED_OVERHEAD = 4 + 1
/** level, description, content type. */
const ALERT_OVERHEAD = 2 + 1

/** Size of a record of TLS 1.3, header included, that holds a Finished alone and no padding. */
export function finishedRecordBytes(suite: number): number {
  return HEADER_BYTES + FINISHED_OVERHEAD + hashBytesOf(suite) + tagBytesOf(suite)
}

/** Size of a record of TLS 1.3, header included, that holds an alert (or two bytes of anything) and no padding. */
export function alertRecordBytes(suite: number): number {
  return HEADER_BYTES + ALERT_OVERHEAD + tagBytesOf(suite)
}

/** Records of one side whose content is encrypted, before the handshake is known to be over. Sizes include the headers. */
export class OpaqueRecords {
  records = 0
  bytes = 0
  /** Of the first MAX_FLIGHT_RECORDS. */
  readonly sizes: number[] = []
  readonly times: Micros[] = []

  add(sizeBytes: number, at: Micros): void {
    this.records++
    this.bytes += sizeBytes
    if (this.sizes.length === MAX_FLIGHT_RECORDS) return
    this.sizes.push(sizeBytes)
    this.times.push(at)
  }

  get full(): boolean {
    return this.records >= MAX_FLIGHT_RECORDS
  }

  get last(): number | undefined {
    return this.sizes[this.records - 1]
  }
}

/** The encrypted handshake records of one side (TLS 1.3). Sizes include the record headers. */
export interface Flight {
  records: number
  bytes: number
  /** Sizes of the first MAX_FLIGHT_RECORDS. */
  recordSizes: number[]
  /**
   * `finished`: the last record has the size of a Finished alone. `assumed`: none has, so the stack sends its messages in one record
   * and the first record is taken for the flight. `turn`: up to where the other side went on.
   */
  end: 'finished' | 'assumed' | 'turn'
}

/** A flight of which every record was decrypted. */
export function wholeFlight(opaque: OpaqueRecords): Flight {
  const { records, bytes, sizes } = opaque
  return { records, bytes, recordSizes: sizes, end: 'finished' }
}

/** The server's flight ends where the client's begins. */
export function serverFlight(opaque: OpaqueRecords, suite: number): Flight {
  const { records, bytes, sizes } = opaque
  return { records, bytes, recordSizes: sizes, end: opaque.last === finishedRecordBytes(suite) ? 'finished' : 'turn' }
}

/**
 * The client's flight out of all it sent before the server went on: up to a record of the size of a Finished. Where there is none the
 * client put Certificate, CertificateVerify and Finished into one record, the first; after early data nothing can be told.
 */
export function clientFlight(opaque: OpaqueRecords, suite: number, earlyData: boolean): Flight {
  const index = opaque.sizes.indexOf(finishedRecordBytes(suite))
  if (index < 0 && earlyData) return { records: opaque.records, bytes: opaque.bytes, recordSizes: opaque.sizes, end: 'turn' }
  const recordSizes = opaque.sizes.slice(0, index < 0 ? 1 : index + 1)
  const bytes = recordSizes.reduce((sum, size) => sum + size, 0)
  return { records: recordSizes.length, bytes, recordSizes, end: index < 0 ? 'assumed' : 'finished' }
}
