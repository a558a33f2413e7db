import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface FakeProcess {
  exe?: string
  netns?: number
  startTicks?: number
  comm?: string
  args?: string[]
  environ?: string | Uint8Array
  /** IPv4 addresses beside 127.0.0.1. */
  ips?: string[]
}

/** A procfs made of ordinary files and links, for what a real one cannot be made to show at will. */
export class FakeProcfs {
  readonly folder = mkdtempSync(join(tmpdir(), 'mtlscope-procfs-'))

  add(pid: number, { exe, netns = 1, startTicks = 100, comm = 'x', args = [], environ = '', ips = [] }: FakeProcess): this {
    this.remove(pid)
    this.write(`${pid}/stat`, `${pid} (a) b) S ${'0 '.repeat(18)}${startTicks} 0 0\n`)
    this.write(`${pid}/comm`, comm + '\n')
    this.write(`${pid}/cmdline`, args.map((arg) => arg + '\0').join(''))
    this.write(`${pid}/environ`, environ)
    this.setAddresses(pid, ips)
    if (exe !== undefined) this.link(`${pid}/exe`, exe)
    this.link(`${pid}/ns/net`, `net:[${netns}]`)
    return this
  }

  setAddresses(pid: number, ips: string[]): void {
    const leaves = ['127.0.0.1', ...ips].map((ip) => `        |-- ${ip}\n           /32 host LOCAL\n`)
    this.write(`${pid}/net/fib_trie`, `Main:\n  +-- 0.0.0.0/0 3 0 5\n${leaves.join('')}Local:\n${leaves.join('')}`)
  }

  remove(pid: number): void {
    rmSync(join(this.folder, String(pid)), { recursive: true, force: true })
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }

  link(path: string, target: string): void {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    rmSync(file, { force: true })
    symlinkSync(target, file)
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
