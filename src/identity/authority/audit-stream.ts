import type { Writable } from 'node:stream'
import { MtlscopeError } from '../../base/errors.ts'
import { auditLine } from './audit.ts'
import type { AuditEntry, AuditSink } from './audit.ts'

/** The audit log as JSON lines of a stream that whoever runs the program keeps: standard output in a cluster. */
export class AuditStream implements AuditSink {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
  }

  /** Handed over when it resolves. Rejects with 'cannot-write'. */
  async append(entry: AuditEntry, nowMillis: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(auditLine(entry, nowMillis), (cause) => {
        if (cause === null || cause === undefined) return resolve()
        reject(new MtlscopeError('cannot-write', `cannot write the audit log: ${(cause as NodeJS.ErrnoException).code ?? cause.message}`, { cause }))
      })
    })
  }
}
