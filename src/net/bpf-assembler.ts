/** A place in a program that jumps go to. Placed once, always behind the jumps: classic BPF goes forwards only. */
export interface Label { index: number }

interface Instruction {
  readonly code: number
  readonly k: number
  /** Where a comparison goes; undefined is the next instruction. An unconditional jump has `yes` only. */
  readonly yes: Label | undefined
  readonly no: Label | undefined
  /** A target is further than the 8 bits of a comparison's jump reach, so an unconditional jump stands behind it. */
  farYes: boolean
  farNo: boolean
}

const JUMP_ALWAYS = 0x05
const REACH = 255
const SIZE = 8

/** Puts a classic BPF program together: struct sock_filter[] of linux/filter.h (code u16, jt u8, jf u8, k u32, little-endian). */
export class BpfAssembler {
  readonly #instructions: Instruction[] = []

  label(): Label {
    return { index: -1 }
  }

  /** The next instruction is where the label's jumps go. */
  place(label: Label): void {
    label.index = this.#instructions.length
  }

  add(code: number, k: number): void {
    this.#instructions.push({ code, k, yes: undefined, no: undefined, farYes: false, farNo: false })
  }

  /** A comparison of A with k. */
  branch(code: number, k: number, yes: Label | undefined, no: Label | undefined): void {
    this.#instructions.push({ code, k, yes, no, farYes: false, farNo: false })
  }

  jump(to: Label): void {
    this.branch(JUMP_ALWAYS, 0, to, undefined)
  }

  assemble(): Uint8Array {
    const starts = this.#layOut()
    const bytes = new Uint8Array(starts[starts.length - 1] * SIZE)
    const view = new DataView(bytes.buffer)
    this.#instructions.forEach((instruction, i) => write(view, instruction, starts[i], starts))
    return bytes
  }

  /** Where each instruction begins; the last entry is the length. Each round can only make more jumps far, so it ends. */
  #layOut(): number[] {
    const list = this.#instructions
    for (;;) {
      const starts = [0]
      for (const i of list) starts.push(starts[starts.length - 1] + 1 + (i.farYes ? 1 : 0) + (i.farNo ? 1 : 0))
      let changed = false
      list.forEach((i, n) => {
        if (i.code === JUMP_ALWAYS) return
        const farYes = isFar(i.yes, starts, n)
        const farNo = isFar(i.no, starts, n)
        if ((farYes && !i.farYes) || (farNo && !i.farNo)) changed = true
        i.farYes ||= farYes
        i.farNo ||= farNo
      })
      if (!changed) return starts
    }
  }
}

function isFar(to: Label | undefined, starts: readonly number[], from: number): boolean {
  return to !== undefined && starts[to.index] - starts[from] - 1 > REACH
}

function write(view: DataView, i: Instruction, start: number, starts: readonly number[]): void {
  const after = start + 1
  const behind = after + (i.farYes ? 1 : 0) + (i.farNo ? 1 : 0)
  const yes = i.yes === undefined ? behind : starts[i.yes.index]
  const no = i.no === undefined ? behind : starts[i.no.index]
  if (i.code === JUMP_ALWAYS) return put(view, start, i.code, 0, 0, yes - after)
  const comparison = i.yes !== undefined || i.no !== undefined
  const jt = !comparison || i.farYes ? 0 : yes - after
  const jf = !comparison ? 0 : i.farNo ? (i.farYes ? 1 : 0) : no - after
  put(view, start, i.code, jt, jf, i.k)
  if (i.farYes) put(view, after, JUMP_ALWAYS, 0, 0, yes - after - 1)
  if (i.farNo) put(view, behind - 1, JUMP_ALWAYS, 0, 0, no - behind)
}

function put(view: DataView, index: number, code: number, jt: number, jf: number, k: number): void {
  view.setUint16(index * SIZE, code, true)
  view.setUint8(index * SIZE + 2, jt)
  view.setUint8(index * SIZE + 3, jf)
  view.setUint32(index * SIZE + 4, k, true)
}
