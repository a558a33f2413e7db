import { MtlscopeError } from '../base/errors.ts'
import type { CanaryReport } from '../check/report.ts'
import { runCanary } from './canary-run.ts'
import type { CheckPlaces } from './check-places.ts'
import type { CanaryPlan } from './check-plan.ts'
import { say } from './say.ts'

/** `--canary`: one request from a place that was watched, as its app would send it. */
export async function sendCanary({ from, host, ip, port }: CanaryPlan, places: CheckPlaces, signal: AbortSignal): Promise<CanaryReport> {
  const netnsPath = places.pathOf(from)
  if (netnsPath === undefined) {
    throw new MtlscopeError('no-such-namespace', `--canary: ${from} is none of the places that are watched`, { hint: `there are: ${places.names.join(', ') || 'none'}`, facts: { from } })
  }
  // The rules tell the proxy by its user: the app's connections are redirected.
  const [asUid] = (await places.read(from))?.appUids ?? []
  say(`sending a canary from ${from} to ${ip}:${port}`)
  const watched = places.names.map((name) => ({ name, path: places.pathOf(name)! }))
  const { verdict, because, evidence, findings } = await runCanary({
    route: { netnsPath, ip, port, ...(asUid !== undefined && { asUid }), ...(host !== undefined && { host }) }, places: watched, signal,
  })
  return { ip, port, verdict, because, evidence, findings }
}
