import { MtlscopeError } from '../../base/errors.ts'

/** Whether it went well. */
export async function tryTo(action: () => Promise<void>): Promise<boolean> {
  try {
    await action()
    return true
  } catch {
    return false
  }
}

/** What a family has after a change that failed. */
export type Standing = 'the rules from before' | 'the new rules' | 'nothing but loopback passes'

/** 'rules-failed', with what there is now: nothing where the rules are those from before. */
export function rulesFailed(cause: unknown, standing: ReadonlyMap<number, Standing> = new Map()): MtlscopeError {
  const isBack = [...standing.values()].every((one) => one === 'the rules from before')
  if (cause instanceof MtlscopeError && cause.code === 'not-permitted' && isBack) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  const what = isBack ? 'the rules are those from before' : [...standing].map(([version, one]) => `IPv${version}: ${one}`).join(', ')
  return new MtlscopeError('rules-failed', `cannot set the rules (${what}): ${why}`, {
    cause, hint: isBack ? 'see: mtlscope init --print' : 'run it again; or take everything away: mtlscope init --clean',
  })
}
