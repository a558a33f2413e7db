import { readFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { injectManifest } from '../kube/inject/inject-manifest.ts'
import type { InjectFlags } from './inject.ts'
import { say, sayWarning } from './say.ts'

/** Nothing is written before all of it is known to be good. */
export function runInject({ filename, image, imagePullPolicy }: InjectFlags): void {
  const { text, outcomes } = injectManifest(readManifest(filename), { image, pullPolicy: imagePullPolicy })
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
    throw new MtlscopeError('cannot-read', `cannot read ${filename}: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`, { cause, facts: { file: filename } })
  }
}
