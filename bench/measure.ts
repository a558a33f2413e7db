import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** What one process cost from its start to its end. */
export interface Usage {
  readonly code: number
  readonly wallMs: number
  readonly userMs: number
  readonly systemMs: number
  /** Highest resident set that was seen; 0 where the process ended before the first look. */
  readonly peakRssBytes: number
  /** Empty unless it was asked for. */
  readonly stdout: string
}

export interface MeasureOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Keep standard output; else it goes to /dev/null, and so does standard error in both cases. */
  readonly keepOutput?: boolean
}

export interface Measured {
  /** The program's own process id: send signals to this one. */
  readonly pid: Promise<number>
  readonly ended: Promise<Usage>
}

const RSS_POLL_MS = 10

// `time` of bash counts what getrusage(2) says of the waited-for child, to the millisecond, whatever runs beside it.
// The sh in between tells its process id and becomes the program, at some 0.5 ms of CPU that are counted, too.
const WRAPPER = 'TIMEFORMAT="%3R %3U %3S"; { time sh -c \'echo $$ >&4; exec "$@" 3>&- 4>&-\' sh "$@" 2>/dev/null; } 2>&3'

/** Starts a program and measures it. Rejects only where bash cannot be started; a program that is not there ends with code 127. */
export function startMeasured(program: string, args: readonly string[], options: MeasureOptions = {}): Measured {
  const child = spawn('bash', ['-c', WRAPPER, 'bash', program, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', options.keepOutput ? 'pipe' : 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const stdout = textOf(child.stdout)
  const times = textOf(child.stdio[3] as Readable)
  const pid = firstNumber(child.stdio[4] as Readable)
  const peak = new PeakRss(pid)
  const ended = new Promise<Usage>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      void Promise.all([stdout, times]).then(([text, report]) => resolve(usageOf(code ?? 128, report, peak.stop(), text)))
    })
  })
  return { pid, ended }
}

/** Runs a program to its end and measures it. */
export function measure(program: string, args: readonly string[], options: MeasureOptions = {}): Promise<Usage> {
  return startMeasured(program, args, options).ended
}

export function cpuMs(usage: Usage): number {
  return usage.userMs + usage.systemMs
}

function usageOf(code: number, report: string, peakRssBytes: number, stdout: string): Usage {
  const [wall = NaN, user = NaN, system = NaN] = report.trim().split(/\s+/).map(Number)
  return { code, wallMs: wall * 1000, userMs: user * 1000, systemMs: system * 1000, peakRssBytes, stdout }
}

async function textOf(stream: Readable | null): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream ?? []) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

/** Of the first line; bash holds the pipe open, so there is no end to wait for. */
function firstNumber(stream: Readable): Promise<number> {
  return new Promise((resolve) => {
    let text = ''
    stream.on('data', (part: Buffer) => {
      text += part.toString()
      if (text.includes('\n')) resolve(Number.parseInt(text, 10))
    })
    stream.on('end', () => resolve(NaN))
  })
}

/**
 * The kernel keeps the high-water mark (VmHWM) while the process lives, so looking every few milliseconds misses only
 * what grew after the last look. The maxrss of getrusage would not do: it also counts the process before its exec, which is ours.
 */
class PeakRss {
  #peakBytes = 0
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(pid: Promise<number>) {
    void pid.then((value) => {
      if (this.#stopped || Number.isNaN(value)) return
      this.#timer = setInterval(() => this.#look(value), RSS_POLL_MS)
      this.#look(value)
    })
  }

  #look(pid: number): void {
    const kib = Number(/^VmHWM:\s+(\d+) kB/m.exec(readStatus(pid))?.[1] ?? 0)
    this.#peakBytes = Math.max(this.#peakBytes, kib * 1024)
  }

  stop(): number {
    this.#stopped = true
    clearInterval(this.#timer)
    return this.#peakBytes
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return ''
  }
}
