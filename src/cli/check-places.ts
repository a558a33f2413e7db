import { networkInterfaces } from 'node:os'
import { MtlscopeError } from '../base/errors.ts'
import { findExemptMark } from '../intercept/explain/exempt-mark.ts'
import { findHoles } from '../intercept/explain/find-holes.ts'
import type { HoleReport } from '../intercept/explain/hole.ts'
import { MeshFollower } from '../mesh/follow.ts'
import { addressText } from '../intercept/netfilter/address-range.ts'
import type { CheckFlags } from './check.ts'
import { readSubject } from './explain-subject.ts'
import type { ReadSubject } from './explain-subject.ts'
import { planSources } from './live-sources.ts'
import type { PodPlaceHere } from './pod-places.ts'
import type { TapFlags } from './tap.ts'

/** Reading the rules of one takes half a second; a large mesh has the first so many explained. */
const MAX_READ = 32

/** A namespace that was watched, and where it is found. */
interface Place { readonly name: string, readonly path: string, readonly pid: string | undefined, readonly netns: string | undefined }

type PlaceFlags = Pick<CheckFlags, 'procfs' | 'exe' | 'ip'>

/** What stands in one namespace. */
export interface PlaceFacts {
  readonly path: string
  readonly addresses: readonly string[]
  /** Users that its proxies run under. */
  readonly proxyUids: readonly number[]
  /** Where the rules tell proxies by a mark and not by their user. */
  readonly proxyMark: number | undefined
  readonly processes: number
  /** Users that other processes run under. */
  readonly appUids: readonly number[]
  readonly holes: HoleReport
}

/** The places of a watch, and what is known of them when it is over. */
export interface Places {
  /** All namespaces with a proxy are watched. */
  readonly isMesh: boolean
  readonly names: readonly string[]
  /** Why something could not be read. */
  readonly notes: readonly string[]
  pathOf(name: string): string | undefined
  /** Undefined where it is not known, gone, or not to be read. */
  read(name: string): Promise<PlaceFacts | undefined>
}

/** The namespaces of a watch, read when it is over: their rules, processes and addresses. */
export class CheckPlaces implements Places {
  /** All namespaces with a proxy are watched. */
  readonly isMesh: boolean
  readonly #procfs: string
  readonly #places: ReadonlyMap<string, Place>
  readonly #facts = new Map<string, Promise<PlaceFacts | undefined>>()
  /** Why something could not be read. */
  readonly notes: string[] = []

  /** `pods`: those of this node that were watched. */
  constructor(flags: PlaceFlags, tapFlags: TapFlags, mesh: boolean, pods: readonly PodPlaceHere[] = []) {
    this.#procfs = flags.procfs
    this.isMesh = mesh && flags.ip === undefined
    const places = planSources(tapFlags).filter(({ path }) => path !== '').map(({ name, path }): Place => placeOf(name, path))
    if (mesh) places.push(...meshPlaces(flags))
    places.push(...pods.map(({ name, path }) => placeOf(name, path)))
    this.#places = new Map(places.map((place) => [place.name, place]))
  }

  pathOf(name: string): string | undefined {
    return name === '' ? '' : this.#places.get(name)?.path
  }

  get names(): readonly string[] {
    return [...this.#places.keys()]
  }

  /** Undefined where it is not known, gone, or not to be read. */
  read(name: string): Promise<PlaceFacts | undefined> {
    let facts = this.#facts.get(name)
    if (facts === undefined && this.#facts.size < MAX_READ) this.#facts.set(name, facts = this.#read(name))
    return facts ?? Promise.resolve(undefined)
  }

  async #read(name: string): Promise<PlaceFacts | undefined> {
    const place = this.#places.get(name)
    if (place === undefined) return undefined
    try {
      const read = await readSubject({ pid: place.pid, netns: place.netns, procfs: this.#procfs, output: 'json' })
      return factsOf(place, read)
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      this.notes.push(`rules of ${name} not read: ${error.message}`)
      return undefined
    }
  }
}

function placeOf(name: string, path: string): Place {
  const netns = /^\/run\/netns\/([^/]+)$/.exec(path)?.[1]
  return { name, path, netns, pid: netns === undefined ? /\/(\d+)\/ns\/net$/.exec(path)?.[1] : undefined }
}

function meshPlaces({ procfs, exe, ip }: PlaceFlags): Place[] {
  const follower = new MeshFollower({ procfs, exes: exe ?? [], ips: ip })
  follower.poll()
  const places = [...follower.namespaces.values()].map(({ name, path }) => placeOf(name, path))
  follower.close()
  return places
}

function factsOf({ path }: Place, { subject }: ReadSubject): PlaceFacts {
  const processes = subject.live?.processes ?? []
  return {
    path, holes: findHoles(subject), proxyMark: findExemptMark(subject), processes: processes.length,
    addresses: subject.world.interfaces.flatMap(({ addresses }) => addresses.map(addressText)),
    appUids: [...new Set(processes.filter(({ isProxy }) => !isProxy).map(({ uid }) => uid))],
    proxyUids: [...new Set(processes.filter(({ isProxy }) => isProxy).map(({ uid }) => uid))],
  }
}

/** Addresses of this machine's own namespace. */
export function ownAddresses(): Set<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)))
}
