import { MtlscopeError } from '../base/errors.ts'
import { KeyLogs } from '../capture/key-logs.ts'
import { isEnough } from '../check/enough.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Health } from '../model/health.ts'
import { addHealth, emptyHealth } from '../model/health.ts'
import type { Message } from '../model/message.ts'
import type { FrameSink } from '../net/frame.ts'
import type { Command, Report, WorkerSetup } from './control.ts'
import type { FlowContext } from './engine.ts'
import { FrameBlocks } from './frame-blocks.ts'
import type { MessageTest } from './message-filter.ts'
import { LineBatch, lineMaker } from './output.ts'
import { LATEST_BLOCK_MS, planRing } from './ring-plan.ts'
import { RingWaiter } from './ring-waiter.ts'
import { applyNames } from './shared-names.ts'
import { SourceCapture } from './source-capture.ts'

/** Batches go out at least this often, and when they are this large. */
const FLUSH_MS = 50
const FLUSH_BYTES = 256 * 1024
const HEALTH_MS = 500
/** What is kept for the batches of one walk round the ring, and how large each may have grown. */
const MAX_ROOMS = 8
const MAX_ROOM_BYTES = 4 * FLUSH_BYTES
/** What the main thread may owe before bodies, then messages, then frames are given up. The rings are never kept waiting. */
const BODIES_UNTIL_BYTES = 16 * 1024 * 1024
const MESSAGES_UNTIL_BYTES = 48 * 1024 * 1024
/** Namespaces that are gone stay listed in the health, the latest ones; the totals keep all. */
const MAX_GONE_LISTED = 256
/** A number above all that interfaces have in practice, to make one number of source and interface. */
const INTERFACES = 2 ** 24

export interface ThreadPort {
  next(): Command | undefined
  report(report: Report, transfer?: ArrayBuffer[]): void
}

/** The loop of a capture thread: rings, engines, batches. */
export class CaptureThread {
  readonly #setup: WorkerSetup
  readonly #port: ThreadPort
  readonly #sources = new Map<number, SourceCapture>()
  readonly #sharedNames = new Map<string, string>()
  /** None where only frames are wanted. */
  readonly #batch: LineBatch | undefined
  readonly #blocks = new FrameBlocks()
  readonly #keyLogs: KeyLogs
  readonly #ended = emptyHealth()
  /** What settles a verdict is enough of a connection; with secrets it may still say more. */
  readonly #endsEarly: boolean
  /** It has no bodies, and without details it is none. */
  readonly #isEvidence: boolean
  readonly #waiter: RingWaiter
  #owedBytes = 0
  /** Memory of batches that came back. */
  readonly #rooms: ArrayBuffer[] = []
  #droppedBodies = 0
  #droppedMessages = 0
  #droppedFrames = 0
  #flushedMs = 0
  /** When it was last asked which rings have something. */
  #readMs = 0
  #healthMs = 0
  #stopping = false

  /** @param wanted only messages that it lets through are handed over; of evidence all are, and the edges that have one are marked */
  constructor(setup: WorkerSetup, port: ThreadPort, wanted?: MessageTest) {
    this.#setup = setup
    this.#port = port
    this.#waiter = new RingWaiter(setup.wakeFd)
    this.#keyLogs = new KeyLogs(setup.keyLogs)
    this.#isEvidence = setup.format.kind === 'evidence'
    // What a filter looks for may come late in a connection.
    this.#endsEarly = this.#isEvidence && setup.keyLogs.length === 0 && wanted === undefined
    const makeLine = lineMaker(setup.format, wanted)
    this.#batch = makeLine && new LineBatch(makeLine, this.#isEvidence ? undefined : wanted)
  }

  /** Throws what is a bug. The rings are closed then: of a thread that is gone they would go on taking their share of the packets. */
  run(): void {
    try {
      this.#capture()
    } catch (error) {
      for (const source of this.#sources.values()) source.close()
      throw error
    } finally {
      this.#waiter.close()
    }
  }

  #capture(): void {
    while (!this.#stopping) {
      this.#readMs = Date.now()
      this.#waiter.wait(this.#waitMs(performance.now()))
      this.#obey()
      this.#keyLogs.poll()
      this.#report(performance.now())
    }
    // All at once, so that the last blocks of all of them come while one is waited for.
    for (const source of this.#sources.values()) source.quiet()
    for (const source of this.#sources.values()) this.#finish(source)
    this.#keyLogs.close()
    this.#flush()
    this.#port.report({ kind: 'stopped', health: this.#health() })
  }

  /** Until there is something to hand over or to tell; packets and commands end it. */
  #waitMs(nowMs: number): number {
    const isPending = (this.#batch !== undefined && this.#batch.lines > 0) || this.#blocks.pendingBytes > 0
    if (isPending || this.#setup.keyLogs.length > 0 || this.#setup.tellsProgress === true) return FLUSH_MS
    return Math.max(1, Math.min(HEALTH_MS, this.#healthMs + HEALTH_MS - nowMs))
  }

  #obey(): void {
    for (let command = this.#port.next(); command !== undefined; command = this.#port.next()) {
      if (command.kind === 'credit') this.#credit(command)
      else if (command.kind === 'add') this.#add(command)
      else if (command.kind === 'remove') this.#remove(command.id)
      else if (command.kind === 'names') this.#rename(command)
      else this.#stopping = true
    }
  }

  #rename({ id, names }: Extract<Command, { kind: 'names' }>): void {
    if (id === undefined) applyNames(this.#sharedNames, names)
    else this.#sources.get(id)?.rename(names)
  }

  #add({ id, source, fanoutGroup, expectedSources }: Extract<Command, { kind: 'add' }>): void {
    try {
      const opened = new SourceCapture({
        id, source, setup: this.#setup, fanoutGroup, ring: planRing(this.#ringBytes(), Math.max(expectedSources, this.#sources.size + 1), this.#sources.size),
        secrets: this.#keyLogs.secrets.desk(), sharedNames: this.#sharedNames,
      }, {
        message: (flow, m, context) => this.#message(flow, m, context),
        frame: this.#setup.frames ? this.#frameSink(id, source.name, (index) => opened.interfaceName(index)) : undefined,
      })
      this.#watch(opened)
      this.#sources.set(id, opened)
      this.#port.report({ kind: 'added', id, notes: opened.notes, interfaces: source.interfaces })
    } catch (error) {
      this.#port.report({ kind: 'failed', id, ...failure(error) })
    }
  }

  /** Throws 'system-call'; then the source is closed. */
  #watch(source: SourceCapture): void {
    try {
      for (const ring of source.rings) this.#waiter.add(ring, source.engine)
    } catch (error) {
      this.#release(source)
      throw error
    }
  }

  #release(source: SourceCapture): void {
    for (const ring of source.rings) this.#waiter.remove(ring)
    source.close()
  }

  #ringBytes(): number {
    let bytes = 0
    for (const source of this.#sources.values()) for (const ring of source.rings) bytes += ring.sizeBytes
    return bytes
  }

  #frameSink(id: number, name: string, interfaceName: (index: number) => string | undefined): FrameSink {
    const blocks = this.#blocks
    const labelOf = this.#setup.interfacesApart ? interfaceLabels(name, interfaceName) : undefined
    const label = name === '' ? 'any' : name
    return {
      frame: (buf, offset, captured, wire, atMicros, linkType, index) => {
        const source = labelOf === undefined ? id : id * INTERFACES + index
        if (this.#owedBytes > MESSAGES_UNTIL_BYTES) this.#droppedFrames++
        else if (blocks.frame(source, labelOf?.(index) ?? label, buf, offset, captured, wire, atMicros, linkType) > FLUSH_BYTES) this.#flush()
      },
    }
  }

  #remove(id: number): void {
    const source = this.#sources.get(id)
    if (source === undefined) return
    this.#finish(source)
    addHealth(this.#ended, source.health())
    if (this.#ended.namespaces.length > MAX_GONE_LISTED) this.#ended.namespaces.shift()
    this.#release(source)
    this.#sources.delete(id)
    this.#port.report({ kind: 'removed', id })
  }

  #finish(source: SourceCapture): void {
    source.finish()
  }

  /** True: no more is wanted of this connection. */
  #message(flow: FlowInfo, m: Message, context: FlowContext): boolean {
    const batch = this.#batch
    if (batch !== undefined) this.#tell(batch, flow, m, context)
    return this.#endsEarly && isEnough(m, context.said, true)
  }

  #tell(batch: LineBatch, flow: FlowInfo, m: Message, { broken }: FlowContext): void {
    if (this.#owedBytes > MESSAGES_UNTIL_BYTES) {
      this.#droppedMessages++
      return
    }
    const slim = !this.#isEvidence && this.#owedBytes > BODIES_UNTIL_BYTES
    if (slim) this.#droppedBodies++
    batch.add(flow, slim ? withoutBodies(m) : m, broken)
    if (batch.sizeBytes > FLUSH_BYTES) this.#flush()
  }

  #report(nowMs: number): void {
    if (nowMs - this.#flushedMs >= FLUSH_MS) {
      this.#flushedMs = nowMs
      this.#flush()
      if (this.#setup.tellsProgress === true) this.#port.report({ kind: 'read', toMicros: (this.#readMs - LATEST_BLOCK_MS) * 1000 })
    }
    if (nowMs - this.#healthMs >= HEALTH_MS) {
      this.#healthMs = nowMs
      for (const source of this.#sources.values()) this.#tick(source)
      for (const text of this.#keyLogs.warnings()) this.#port.report({ kind: 'warning', text })
      this.#port.report({ kind: 'health', health: this.#health() })
    }
  }

  /** All rings are looked at, too, whatever the kernel named: seldom enough to cost nothing. */
  #tick(source: SourceCapture): void {
    source.walk()
    source.tick(Date.now() * 1000)
  }

  #flush(): void {
    if (this.#batch !== undefined && this.#batch.lines > 0) {
      const { text, lines } = this.#takeLines(this.#batch)
      this.#owedBytes += text.length
      this.#port.report({ kind: 'lines', text, lines }, [text.buffer])
    }
    if (this.#blocks.pendingBytes > 0) {
      const blocks = this.#blocks.take()
      this.#owedBytes += blocks.length
      this.#port.report({ kind: 'frames', blocks }, [blocks.buffer as ArrayBuffer])
    }
  }

  /** A large batch goes with the memory that it was made in: new memory for each costs more than to write lines into it. */
  #takeLines(batch: LineBatch): { text: Uint8Array<ArrayBuffer>, lines: number } {
    if (batch.sizeBytes > FLUSH_BYTES / 2) return batch.handOver(this.#rooms.pop())
    const { text, lines } = batch.take()
    return { text: new Uint8Array(text), lines }
  }

  #credit({ bytes, room }: Extract<Command, { kind: 'credit' }>): void {
    this.#owedBytes -= bytes
    if (room !== undefined && room.byteLength <= MAX_ROOM_BYTES && this.#rooms.length < MAX_ROOMS) this.#rooms.push(room)
  }

  #health(): Health {
    const total = addHealth(emptyHealth(), this.#ended)
    for (const source of this.#sources.values()) addHealth(total, source.health())
    this.#keyLogs.addTo(total)
    total.droppedBodies = this.#droppedBodies
    total.droppedMessages = this.#droppedMessages
    if (this.#droppedFrames > 0) total.limits['frames not written'] = this.#droppedFrames
    return total
  }
}

/** `web/eth0`, made once for each interface; the own namespace has no name to put before it. */
function interfaceLabels(name: string, interfaceName: (index: number) => string | undefined): (index: number) => string {
  const labels = new Map<number, string>()
  return (index) => {
    let label = labels.get(index)
    if (label === undefined) labels.set(index, label = `${name === '' ? '' : `${name}/`}${interfaceName(index) ?? `if${index}`}`)
    return label
  }
}

function withoutBodies(m: Message): Message {
  return {
    protocol: m.protocol, atMicros: m.atMicros, elapsedMicros: m.elapsedMicros, what: m.what, status: m.status,
    outcome: m.outcome, request: undefined, response: undefined, decrypted: m.decrypted ?? false, complete: m.complete,
    notes: [...m.notes, 'details dropped: the reader of the output is too slow'],
  }
}

function failure(error: unknown): { code: string, message: string, hint: string | undefined } {
  if (error instanceof MtlscopeError) return { code: error.code, message: error.message, hint: error.hint }
  throw error
}
