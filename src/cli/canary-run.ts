import { closeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAfPacket } from '../capture/af-packet.ts'
import type { CanaryRoute } from '../check/canary/canary-request.ts'
import { sendCanary } from '../check/canary/canary-request.ts'
import type { CanaryResult } from '../check/canary/canary-result.ts'
import { judgeCanary } from '../check/canary/canary-result.ts'
import { CanaryWatch } from '../check/canary/canary-watch.ts'
import type { CanaryPlace } from '../check/canary/sighting.ts'
import type { TokenForm } from '../check/canary/token.ts'
import { makeToken, tokenForms } from '../check/canary/token.ts'
import type { NetInterface } from '../sys/interfaces.ts'
import { listInterfaces } from '../sys/interfaces.ts'
import { openNetns, withNetns } from '../sys/netns.ts'
import type { PacketRing } from '../sys/packet-ring.ts'
import type { LiveSource } from '../tap/control.ts'

const TIMEOUT_MS = 10_000
/** After the answer, for what is still in the rings. */
const SETTLE_MS = 300
const WALK_MS = 20
/** 1 MiB each: a canary is a few packets among those of others. */
const RING_BLOCKS = 16

export interface CanaryOptions {
  readonly route: CanaryRoute
  /** Where to look for the token: the namespaces of both ends at least, and whatever lies between. */
  readonly places: readonly Pick<LiveSource, 'path' | 'name'>[]
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Sends one request with a random token as the app would, and looks for the token in every packet of the places meanwhile.
 * Throws where a place cannot be captured in, or the route cannot be begun: not for what becomes of the request.
 */
export async function runCanary({ route, places, timeoutMs = TIMEOUT_MS, signal }: CanaryOptions): Promise<CanaryResult> {
  const token = makeToken()
  const forms = tokenForms(token)
  const watched: WatchedPlace[] = []
  const timer = setInterval(() => { for (const place of watched) place.walk() }, WALK_MS)
  try {
    for (const { path, name } of places) watched.push(new WatchedPlace(path, name, forms))
    const answer = await sendCanary(route, token, timeoutMs, signal)
    await sleep(SETTLE_MS)
    for (const place of watched) place.finish()
    const sum = (count: (place: WatchedPlace) => number): number => watched.reduce((total, place) => total + count(place), 0)
    return judgeCanary({
      token, answer, to: route.ip.includes(':') ? `[${route.ip}]:${route.port}` : `${route.ip}:${route.port}`,
      sightings: watched.flatMap(({ watch }) => watch.sightings), wireSegments: sum(({ watch }) => watch.wireSegments), lost: sum((place) => place.lost),
    })
  } finally {
    clearInterval(timer)
    for (const place of watched) place.close()
  }
}

/** All interfaces of a namespace, until it is closed. */
class WatchedPlace implements CanaryPlace {
  readonly name: string
  readonly watch: CanaryWatch
  readonly #netnsFd: number
  readonly #rings: readonly PacketRing[]
  #interfaces: readonly NetInterface[]

  constructor(path: string, name: string, forms: readonly TokenForm[]) {
    this.name = name
    this.watch = new CanaryWatch(this, forms)
    this.#netnsFd = openNetns(path === '' ? '/proc/self/ns/net' : path)
    try {
      const { rings, interfaces } = withNetns(this.#netnsFd, () => openAfPacket({ interfaces: ['any'], blockCount: RING_BLOCKS }))
      this.#rings = rings
      this.#interfaces = interfaces
    } catch (error) {
      closeSync(this.#netnsFd)
      throw error
    }
  }

  /** Packets that the kernel dropped. */
  get lost(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.statistics().dropped, 0)
  }

  walk(): void {
    for (const ring of this.#rings) ring.walk(this.watch)
  }

  finish(): void {
    for (const ring of this.#rings) ring.flush(this.watch)
  }

  close(): void {
    for (const ring of this.#rings) ring.close()
    closeSync(this.#netnsFd)
  }

  interfaceName(index: number): string | undefined {
    return this.#find(index)?.name
  }

  /** One that came after the start is looked up; what is not known is no loopback, so that a leak is never taken for a clear hop. */
  isLoopback(index: number): boolean {
    return this.#find(index)?.loopback ?? false
  }

  #find(index: number): NetInterface | undefined {
    const known = this.#interfaces.find((one) => one.index === index)
    if (known !== undefined || index === 0) return known
    this.#interfaces = withNetns(this.#netnsFd, listInterfaces)
    return this.#interfaces.find((one) => one.index === index)
  }
}
