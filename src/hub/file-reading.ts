import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { basename } from 'node:path'
import { sibling } from '../base/sibling.ts'
import { FileCredit } from './file-credit.ts'
import type { FileReport, FileSetup } from './file-thread.ts'

/** A file on its way into the store. */
export interface FileState {
  readonly path: string
  readonly name: string
  reading: boolean
  /** Whether it ends by itself: a pipe may be quiet for long. */
  readonly hasEnd: boolean
  readBytes: number
  totalBytes?: number
  problem?: string
  /** Its frames can be read again. */
  readonly hasPackets: boolean
}

export type FileResult = Omit<Extract<FileReport, { kind: 'done' }>, 'kind' | 'file'>

/** Reads captures in a thread of its own and hands their lines to `add`; settles when all is in, also where a file is broken. `done` is told of each. */
export function readIntoStore(setup: Omit<FileSetup, 'credit' | 'paths'>, files: readonly FileState[], add: (lines: Uint8Array) => Promise<void>, done: (file: FileState, result: FileResult) => void, signal: AbortSignal): Promise<void> {
  const credit = new FileCredit()
  const thread = new Worker(sibling(import.meta.url, 'file-thread'), { workerData: { ...setup, paths: files.map((file) => file.path), credit: credit.shared } satisfies FileSetup })
  const underWay = new Set<Promise<void>>()
  const take = (text: Uint8Array): void => {
    const added: Promise<void> = add(text).catch(() => {}).finally(() => {
      credit.give(text.length)
      underWay.delete(added)
    })
    underWay.add(added)
  }
  return new Promise((resolve) => {
    const stop = (): void => { void thread.terminate() }
    signal.addEventListener('abort', stop, { once: true })
    thread.on('message', (report: FileReport) => {
      if (report.kind === 'lines') take(report.text)
      else if (report.kind === 'progress') progressed(files[report.file]!, report.readBytes, report.totalBytes)
      else void Promise.all(underWay).then(() => end(files[report.file]!, report, done))
    })
    thread.on('error', (error) => { for (const file of files.filter((f) => f.reading)) end(file, { health: undefined, warnings: [], error: { code: 'cannot-read', message: `${file.path}: ${error.message}` } }, done) })
    thread.on('exit', () => {
      signal.removeEventListener('abort', stop)
      void Promise.all(underWay).then(() => resolve())
    })
  })
}

function progressed(file: FileState, readBytes: number, totalBytes: number | undefined): void {
  file.readBytes = readBytes
  if (totalBytes !== undefined) file.totalBytes = totalBytes
}

function end(file: FileState, result: FileResult, done: (file: FileState, result: FileResult) => void): void {
  file.reading = false
  if (result.error === undefined) file.readBytes = file.totalBytes ?? file.readBytes
  else file.problem = result.error.message
  done(file, result)
}

export function fileState(path: string): FileState {
  return { path, name: path === '-' ? 'standard input' : basename(path), reading: true, hasEnd: statSync(path, { throwIfNoEntry: false })?.isFile() ?? false, readBytes: 0, hasPackets: path !== '-' && !/\.har$/i.test(path) }
}
