import type { Evidence, Finding } from '../verdict.ts'
import type { CanaryAnswer } from './canary-request.ts'
import type { Sighting } from './sighting.ts'

/** Sightings that are told one by one. */
const MAX_TOLD = 20

/**
 * `leaked`: the token was readable on a wire. `kept`: it was answered, seen on a clear hop, passed the watched wires as something else and was
 * readable on none. `unproved`: whatever is between; it was not seen at all, or not answered, or packets were lost.
 */
export type CanaryVerdict = 'leaked' | 'kept' | 'unproved'

export interface CanaryResult {
  readonly verdict: CanaryVerdict
  readonly token: string
  readonly because: string
  readonly sightings: readonly Sighting[]
  readonly evidence: readonly Evidence[]
  readonly findings: readonly Finding[]
}

export interface CanarySeen {
  readonly token: string
  /** Where it went: `10.0.0.9:8080`. */
  readonly to: string
  readonly answer: CanaryAnswer
  readonly sightings: readonly Sighting[]
  /** Segments with a payload on interfaces that are no loopback, while it was on its way. */
  readonly wireSegments: number
  /** Packets that the capture missed. */
  readonly lost: number
}

export function judgeCanary(seen: CanarySeen): CanaryResult {
  const { token, sightings } = seen
  const leaks = sightings.filter(({ hop }) => hop === 'wire')
  const { verdict, because } = judge(seen, leaks)
  return { verdict, because, token, sightings, evidence: evidenceOf(seen, because), findings: leaks.slice(0, MAX_TOLD).map(findingOf) }
}

function judge({ answer, sightings, wireSegments, lost, to }: CanarySeen, leaks: readonly Sighting[]): { verdict: CanaryVerdict, because: string } {
  if (leaks.length > 0) return { verdict: 'leaked', because: `the token was readable on the wire: ${placeText(leaks[0]!)}` }
  const unproved = (because: string): { verdict: CanaryVerdict, because: string } => ({ verdict: 'unproved', because })
  if (answer.status === undefined) return unproved(`the request to ${to} was not answered: ${answer.error}`)
  if (lost > 0) return unproved('the token was readable on no wire, and the capture lost packets that it could have been in')
  if (sightings.length === 0) return unproved(`${to} answered with ${answer.status}, and the token was seen nowhere: its way is not watched`)
  if (wireSegments === 0) return unproved('the token was seen on the loopback only, and no wire was crossed that is watched')
  return { verdict: 'kept', because: `${to} answered with ${answer.status}; the token was readable on the loopback and on no wire` }
}

function evidenceOf({ sightings, token }: CanarySeen, because: string): Evidence[] {
  const list: Evidence[] = [{ kind: 'canary', what: `canary ${token}: ${because}` }]
  for (const sighting of firstOfEach(sightings).slice(0, MAX_TOLD)) {
    list.push({ kind: 'canary', what: `${sighting.hop === 'wire' ? 'on the wire' : 'on a clear hop'}: ${placeText(sighting)}`, frame: sighting.frame, atMicros: sighting.atMicros })
  }
  return list
}

/** The request and the answer that repeats it, each once a hop. */
function firstOfEach(sightings: readonly Sighting[]): Sighting[] {
  const first = new Map<string, Sighting>()
  for (const sighting of sightings) {
    const key = `${sighting.place} ${sighting.interface} ${sighting.ends}`
    if (!first.has(key)) first.set(key, sighting)
  }
  return [...first.values()]
}

function findingOf(sighting: Sighting): Finding {
  return {
    kind: 'canary-on-wire', severity: 'critical', what: `the token of a canary was readable on the wire: ${placeText(sighting)}`,
    fix: 'find out why this connection is not intercepted: mtlscope explain', frame: sighting.frame, atMicros: sighting.atMicros,
  }
}

function placeText({ place, interface: name, frame, ends, form }: Sighting): string {
  const where = place === '' ? name : `${place}/${name}`
  return `${where}, frame ${frame}${ends === '' ? '' : `, ${ends}`}${form === 'hpack' ? ', in the code of HTTP/2 headers' : ''}`
}
