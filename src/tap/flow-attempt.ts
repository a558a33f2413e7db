import type { Micros } from '../model/time.ts'
import type { Packet } from '../net/packet.ts'
import { failedConnection } from '../protocols/unclaimed.ts'
import { Flow } from './flow.ts'
import type { FlowOwner } from './flow-owner.ts'

/** A SYN that comes again sooner is a copy from another interface: the shortest time to retransmit is 200 ms. */
const COPY_MICROS = 100_000

/** A SYN that nobody has answered: all that is known of a connection to be. Floods are made of these, so it is small. */
export class Attempt extends Flow {
  /** Signed 32-bit, as all sequence numbers here. */
  readonly isn: number
  /** How many SYNs were sent, copies not counted. */
  sent = 1
  /** Its message was shown, or counted: what still comes only has a place to go. */
  isTold = false

  constructor(owner: FlowOwner, number: number, interfaceId: number, packet: Packet, atMicros: Micros) {
    super(owner, number, interfaceId, atMicros)
    this.isn = packet.seq | 0
  }

  again(atMicros: Micros): void {
    if (atMicros - this.lastMicros > COPY_MICROS) this.sent++
  }

  /** `refusedMicros`: when the RST came; undefined where nothing came. */
  tell(refusedMicros?: Micros): void {
    if (this.isTold) return
    this.isTold = true
    if (!this.owner.tells(this)) return
    this.owner.message(this, failedConnection(this.firstMicros, this.lastMicros, this.sent, refusedMicros))
  }
}
