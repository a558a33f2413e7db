import type { Health } from '../model/health.ts'
import type { Micros } from '../model/time.ts'
import type { DemoViewer } from './viewer.ts'

const LF = 0x0a
const HEALTH = Buffer.from('{"health":')
const READ = Buffer.from('{"read":')
/** A line without an end. */
const MAX_LINE_BYTES = 16 * 1024 * 1024

/** Takes what the world says to the viewer, cut anywhere, and hands on whole lines. */
export class ViewerLines {
  readonly #viewer: Pick<DemoViewer, 'lines' | 'health' | 'read'>
  #rest: Buffer = Buffer.alloc(0)

  constructor(viewer: Pick<DemoViewer, 'lines' | 'health' | 'read'>) {
    this.#viewer = viewer
  }

  take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const end = bytes.lastIndexOf(LF) + 1
    this.#rest = bytes.length - end > MAX_LINE_BYTES ? Buffer.alloc(0) : bytes.subarray(end)
    const records: Buffer[] = []
    let read: Buffer | undefined
    for (let at = 0; at < end;) {
      const next = bytes.indexOf(LF, at) + 1
      const line = bytes.subarray(at, next)
      if (line.subarray(0, HEALTH.length).equals(HEALTH)) this.#health(line)
      else if (line.subarray(0, READ.length).equals(READ)) read = line
      else records.push(line)
      at = next
    }
    if (records.length > 0) this.#viewer.lines(Buffer.concat(records), records.length)
    if (read !== undefined) this.#read(read)
  }

  #read(line: Buffer): void {
    const { read } = JSON.parse(line.toString()) as { read: Micros }
    this.#viewer.read(read)
  }

  #health(line: Buffer): void {
    const { health } = JSON.parse(line.toString()) as { health: Health }
    this.#viewer.health(health)
  }
}
