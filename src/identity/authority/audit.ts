import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { jsonText } from '../../base/json-text.ts'
import { writeFailed } from './atomic-file.ts'

export type AuditEvent = 'ca-created' | 'issued' | 'refused' | 'token-added' | 'token-revoked' | 'intermediate-renewed' | 'root-published' | 'root-activated' | 'root-dropped'

/** What happened. A token is named by its id; its secret is never here. */
export interface AuditEntry {
  readonly event: AuditEvent
  /** `serve`, or `uid N` of who called the command. */
  readonly by: string
  readonly spiffeId?: string
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
  readonly serial?: string
  /** ISO 8601. */
  readonly until?: string
  readonly tokenId?: string
  /** Address and port of the client. */
  readonly remote?: string
  readonly reason?: string
  /** Id of the root or intermediate. */
  readonly certificateId?: string
  /** Refusals before this one that were not written because there were too many. */
  readonly unwritten?: number
}

const LF = 0x0a

/** Where the audit log goes. */
export interface AuditSink {
  /** Written when it resolves. Rejects with 'cannot-write': what cannot be written down must not happen. */
  append(entry: AuditEntry, nowMillis: number): Promise<void>
}

/** One JSON object and a newline, `at` first. */
export function auditLine(entry: AuditEntry, nowMillis: number): string {
  return `${jsonText({ at: new Date(nowMillis).toISOString(), ...entry })}\n`
}

/** audit.jsonl: one JSON object a line, `at` first. Opened for each line, so that it may be moved away at any time. */
export class AuditLog implements AuditSink {
  readonly #path: string
  #writing: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** Flushed when it resolves. */
  async append(entry: AuditEntry, nowMillis: number): Promise<void> {
    const line = auditLine(entry, nowMillis)
    try {
      const file = await open(this.#path, 'a+', 0o600)
      try {
        // In turn: who looks at the end of the file while another writes may see half of its line. The disk may then flush several at once.
        const written = this.#writing.then(() => writeLine(file, line))
        this.#writing = written.catch(() => undefined)
        await written
        await file.datasync()
      } finally {
        await file.close()
      }
    } catch (error) {
      throw writeFailed(this.#path, error)
    }
  }
}

/**
 * A disk that was full left half a line, which must not swallow this one. One write: lines of two processes do not mix,
 * but an empty one may come between them.
 */
async function writeLine(file: FileHandle, line: string): Promise<void> {
  const bytes = Buffer.from(await endsInLine(file) ? line : `\n${line}`)
  const { bytesWritten } = await file.write(bytes)
  if (bytesWritten < bytes.length) throw Object.assign(new Error('only part of a line was written'), { code: 'ENOSPC' })
}

async function endsInLine(file: FileHandle): Promise<boolean> {
  const stats = await file.stat()
  if (!stats.isFile() || stats.size === 0) return true
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, stats.size - 1)
  return last[0] === LF
}

export interface AuditCounts { issued: number, refused: number }

/** Zero where there is no log yet. A log that was moved away counts no more. */
export async function countAudit(path: string): Promise<AuditCounts> {
  const counts = { issued: 0, refused: 0 }
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      const event = /"event":"(issued|refused)"/.exec(line)?.[1] as keyof AuditCounts | undefined
      if (event !== undefined) counts[event]++
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return counts
}
