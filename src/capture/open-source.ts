import { accessSync, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { Socket } from 'node:net'
import { MtlscopeError } from '../base/errors.ts'
import { whyNotRead } from '../base/file-errors.ts'
import type { ByteSource } from './byte-source.ts'
import { FileSource, StreamSource } from './byte-source.ts'

const STDIN = 0

/** How a capture is called in messages. */
export function captureName(path: string): string {
  return path === '-' ? 'standard input' : path
}

/**
 * Opens a file, a FIFO or, for `-`, standard input.
 * @throws MtlscopeError cannot-read, or not-a-capture for a directory
 */
export function openSource(path: string): ByteSource {
  if (path === '-') return openStdin()
  const fd = openFile(path)
  const stats = fstatSync(fd)
  if (stats.isDirectory()) {
    closeSync(fd)
    throw isDirectory(path)
  }
  if (stats.isFIFO()) return new StreamSource(new Socket({ fd, readable: true, writable: false }))
  return new FileSource(fd, sizeOf(stats))
}

/** What openSource would throw of a path that leads to nothing, to a directory, or to what this user may not read. Opens nothing: a FIFO keeps its writer. */
export function sourceProblem(path: string): MtlscopeError | undefined {
  if (path === '-') return undefined
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isDirectory() ? isDirectory(path) : undefined
  } catch (error) {
    return cannotOpen(path, error as NodeJS.ErrnoException)
  }
}

function isDirectory(path: string): MtlscopeError {
  return new MtlscopeError('not-a-capture', `${path} is not a capture: it is a directory`, { hint: 'name a file in it', facts: { path } })
}

/** A FIFO is opened without waiting for its writer: the wait belongs into the event loop, where it can be interrupted. */
function openFile(path: string): number {
  try {
    const isFifo = statSync(path).isFIFO()
    return openSync(path, isFifo ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY)
  } catch (error) {
    throw cannotOpen(path, error as NodeJS.ErrnoException)
  }
}

function openStdin(): ByteSource {
  const stats = fstatSync(STDIN)
  if (stats.isFile()) return new FileSource(STDIN, sizeOf(stats))
  if (stats.isDirectory()) throw new MtlscopeError('not-a-capture', 'standard input is not a capture: it is a directory')
  if (process.stdin.isTTY) {
    throw new MtlscopeError('cannot-read', 'standard input is a terminal', {
      hint: 'pipe a capture into it: tcpdump -U -w - | mtlscope tap -r -',
    })
  }
  return new StreamSource(process.stdin)
}

/** Files in /proc say 0. */
function sizeOf(stats: Stats): number | undefined {
  return stats.isFile() && stats.size > 0 ? stats.size : undefined
}

function cannotOpen(path: string, error: NodeJS.ErrnoException): MtlscopeError {
  const details = { facts: { path, errno: error.code }, cause: error }
  const hint = error.code === 'EACCES' ? 'captures often belong to root: try with sudo' : undefined
  return new MtlscopeError('cannot-read', `cannot read ${path}: ${whyNotRead(error)}`, { ...details, hint })
}
