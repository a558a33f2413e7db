import { MtlscopeError } from '../base/errors.ts'
import type { TapFlags } from './tap.ts'

type Passed = Pick<TapFlags, 'interface' | 'port' | 'notPort' | 'host' | 'decodeAs' | 'filter' | 'records' | 'utc' | 'workers' | 'redact'> & { bodyLimit?: number }

/** What an agent is told of the flags: those that are about capturing and showing; where the pods are and when it ends is for the caller. */
export function passedArgs(flags: Passed): string[] {
  const list = (option: string, values: readonly string[] | undefined): string[] => (values ?? []).flatMap((value) => [option, value])
  return [
    ...list('-i', flags.interface), ...list('--port', flags.port), ...list('--not-port', flags.notPort), ...list('--host', flags.host), ...list('--decode-as', flags.decodeAs),
    ...flags.filter === undefined ? [] : ['--filter', flags.filter], ...flags.records === true ? ['--records'] : [], ...flags.utc === true ? ['--utc'] : [],
    ...flags.bodyLimit === undefined ? [] : ['--body-limit', String(flags.bodyLimit)], ...flags.workers === undefined ? [] : ['--workers', String(flags.workers)],
    ...flags.redact === false ? ['--no-redact'] : list('--redact', flags.redact),
  ]
}

/** Flags that name files or programs of the machine where is captured. Throws 'usage'. */
export function refuseLocal(flags: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>): void {
  for (const [key, hint] of Object.entries(names)) {
    if (flags[key] === undefined || flags[key] === false) continue
    const option = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    throw new MtlscopeError('usage', `${option} does not work from outside the cluster`, { hint })
  }
}
