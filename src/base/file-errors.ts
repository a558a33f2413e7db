import { MtlscopeError } from './errors.ts'

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is a file',
}

const WRITE_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOENT: 'the folder does not exist',
  EISDIR: 'it is a directory',
}

/** Why node:fs could not read a file: in words for what somebody who typed its name does wrong, else the code of the error. */
export function whyNotRead(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined ? message : WORDS[code] ?? code
}

/** 'cannot-read', for a file that somebody named. */
export function cannotRead(path: string, cause: unknown): MtlscopeError {
  return new MtlscopeError('cannot-read', `cannot read ${path}: ${whyNotRead(cause)}`, { cause, facts: { path } })
}

/** What stands behind the code of an error of writing; undefined for rare ones. */
export function writeHint(code: string | undefined): string | undefined {
  return code === undefined ? undefined : WRITE_HINTS[code]
}
