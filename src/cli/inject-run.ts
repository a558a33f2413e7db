import { readFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { whyNotRead } from '../base/file-errors.ts'
import { parseCaAddress } from '../identity/ca-connection.ts'
import { injectManifest } from '../kube/inject/inject-manifest.ts'
import type { InjectFlags } from './inject.ts'
import { say, sayWarning } from './say.ts'
import { sidecarConfigCheck } from './sidecar-config-check.ts'

/** Nothing is written before all of it is known to be good. */
export function runInject({ filename, image, imagePullPolicy, imagePullSecret, ca: address, audience, rules }: InjectFlags): void {
  if (address !== undefined) parseCaAddress(address)
  const ca = address === undefined ? undefined : { address, audience }
  const { text, outcomes } = injectManifest(readManifest(filename), { image, pullPolicy: imagePullPolicy, pullSecrets: imagePullSecret, ca, rules, check: sidecarConfigCheck })
  for (const { object, injected, says } of outcomes) {
    if (!injected) say(`${object} left alone: ${says.join('; ')}`)
    else {
      say(`${object} injected`)
      for (const note of says) sayWarning(`${object}: ${note}`)
    }
  }
  if (outcomes.length === 0) sayWarning('nothing in it has pods')
  process.stdout.write(text)
}

function readManifest(filename: string): string {
  try {
    return readFileSync(filename === '-' ? 0 : filename, 'utf8')
  } catch (cause) {
    throw new MtlscopeError('cannot-read', `cannot read ${filename}: ${whyNotRead(cause)}`, { cause, facts: { file: filename } })
  }
}
