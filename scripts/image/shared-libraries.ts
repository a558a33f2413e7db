import { runProgram } from '../run-program.ts'

/** Paths of the libraries that a program is linked with, its loader among them, as the loader of this machine finds them. Throws where it is none for this machine. */
export async function sharedLibraries(program: string): Promise<string[]> {
  const { code, output } = await runProgram('ldd', [program])
  if (code !== 0) throw new Error(`ldd ${program}: ${output.trim()}`)
  return parseLdd(output)
}

/** `	libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x…)` and `	/lib64/ld-linux-x86-64.so.2 (0x…)`. Throws for a library that is not found. */
export function parseLdd(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const missing = /^\s*(\S+) => not found/.exec(line)
    if (missing !== null) throw new Error(`${missing[1]} is not installed`)
    const path = /^\s*(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.[1]
    return path === undefined ? [] : [path]
  })
}
