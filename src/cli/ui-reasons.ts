import type { Edge } from '../check/edge.ts'
import type { EdgeVerdict, Reason } from '../check/verdict.ts'
import type { ReasonSource } from '../hub/hub.ts'
import { CheckPlaces } from './check-places.ts'
import { readReasons } from './check-why.ts'
import type { TapPlan } from './tap-plan.ts'

/** Reading the rules of a namespace takes half a second: for so long they are as they were. */
const FRESH_MS = 10_000

/** Why edges are not mTLS, for the viewer of a live capture: what `mtlscope check` finds in the namespaces that are watched. */
export class UiReasons {
  readonly #plan: TapPlan
  #places: CheckPlaces | undefined
  #readMs = 0

  constructor(plan: TapPlan) {
    this.#plan = plan
  }

  /** Where rights are given up once all is open: the namespaces are read before, and as they were then. */
  async readBefore(): Promise<void> {
    if (this.#plan.mesh || this.#plan.pods) return
    this.#places = this.#read()
    this.#readMs = Infinity
    for (const name of this.#places.names) await this.#places.read(name)
  }

  source(): ReasonSource {
    const nowMs = performance.now()
    if (this.#places === undefined || nowMs - this.#readMs > FRESH_MS) {
      this.#places = this.#read()
      this.#readMs = nowMs
    }
    const places = this.#places
    return { notes: places.notes, reasonsOf: async (edge: Edge, verdict: EdgeVerdict): Promise<readonly Reason[]> => await readReasons(edge, verdict, places) }
  }

  #read(): CheckPlaces {
    return new CheckPlaces(this.#plan.flags, this.#plan.flags, this.#plan.mesh)
  }
}
