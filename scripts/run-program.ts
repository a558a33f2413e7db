import { spawn } from 'node:child_process'
import { ROOT } from './checkout.ts'

export interface Outcome {
  /** The exit code; 128 where a signal ended it, 127 where it could not be started. */
  readonly code: number
  /** Standard output and standard error in the order they came; empty where they were inherited. */
  readonly output: string
}

export interface RunOptions {
  env?: Record<string, string>
  cwd?: string
  /** Show the output as it comes instead of keeping it. */
  inherit?: boolean
}

/** Runs a program to its end. It gets no standard input, so nothing can wait for an answer. Never rejects. */
export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', options.inherit ? 'inherit' : 'pipe', options.inherit ? 'inherit' : 'pipe'],
    })
    const parts: Buffer[] = []
    child.stdout?.on('data', (part: Buffer) => parts.push(part))
    child.stderr?.on('data', (part: Buffer) => parts.push(part))
    child.on('error', (error) => resolve({ code: 127, output: `${program}: ${error.message}\n` }))
    child.on('close', (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 128), output: Buffer.concat(parts).toString() }))
  })
}
