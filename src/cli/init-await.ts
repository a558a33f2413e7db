import { awaitRules } from '../intercept/probe/await-rules.ts'
import { PRESET_SETTINGS } from '../intercept/plan/settings.ts'
import { say } from './say.ts'

/** `init --await`: the exit code. */
export async function runInitAwait(timeoutMs: number): Promise<number> {
  const { outboundPort } = PRESET_SETTINGS.mtlscope
  await awaitRules(outboundPort, timeoutMs)
  say(`rules lead connections to port ${outboundPort}`)
  return 0
}
