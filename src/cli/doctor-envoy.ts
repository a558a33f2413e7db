import { MtlscopeError } from '../base/errors.ts'
import { locateEnvoy } from '../proxy/envoy-binary.ts'
import type { Check } from '../sys/check.ts'
import { absent, ok } from '../sys/check.ts'
import { run } from '../sys/exec.ts'

const TIMEOUT_MS = 5000

export async function probeEnvoy(): Promise<Check> {
  const fields = { name: 'envoy', group: 'optional' as const, purpose: 'mtlscope demo --proxy envoy' }
  try {
    const path = locateEnvoy()
    const { stdout } = await run(path, ['--version'], { timeoutMs: TIMEOUT_MS })
    const version = /\/(\d+\.\d+\.\d+[^/]*)\//.exec(stdout)?.[1]
    return ok({ ...fields, found: version === undefined ? path : `${version}, ${path}` })
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    return absent({ ...fields, found: error.message, ...(error.hint === undefined ? {} : { fix: error.hint }) })
  }
}
