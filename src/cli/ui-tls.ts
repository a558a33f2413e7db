import { readFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { cannotRead } from '../base/file-errors.ts'

/** Certificate chain and key of a viewer, out of two files that belong together; undefined where neither is named. Throws 'usage', 'cannot-read'. @param options as they are written */
export function readUiTls(cert: string | undefined, key: string | undefined, options: string): { key: string, cert: string } | undefined {
  if (key === undefined && cert === undefined) return undefined
  if (key === undefined || cert === undefined) throw new MtlscopeError('usage', `${options} belong together`)
  return { key: read(key), cert: read(cert) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw cannotRead(path, error)
  }
}
