import type { Field, Struct } from './schema.ts'
import { FIXED_BYTES, RECORDS, STR, STRUCT } from './schema.ts'

// A structure as steps over its bytes: what must be read to know where each field ends, and nothing else.

export const FIXED = 0
/** A length, then so many bytes. */
export const SIZED = 1
export const RECORD_FIELD = 2
/** A count, then so many times `sub`. */
export const ARRAY = 3
/** A count, then so many times `size` bytes. */
export const FIXED_ARRAY = 4
/** A byte: -1 for null, else `sub`. */
export const MAYBE = 5
export const TAGS = 6

export const SHORT_LENGTH = 2
const LONG_LENGTH = 4
/** A varint of one more. */
const COMPACT_LENGTH = 0

export interface Step {
  readonly op: number
  readonly size: number
  /** One of the lengths above, which are the sizes of the field in bytes. */
  readonly length: number
  readonly sub: readonly Step[]
}

const NO_STEPS: readonly Step[] = []
const known = new WeakMap<Struct, readonly Step[]>()

export const TAG_STEP: Step = { op: TAGS, size: 0, length: 0, sub: NO_STEPS }

export function stepsOf(struct: Struct): readonly Step[] {
  let steps = known.get(struct)
  if (steps === undefined) known.set(struct, steps = build(struct))
  return steps
}

function build(struct: Struct): readonly Step[] {
  const steps: Step[] = []
  for (const field of struct.fields) append(steps, field, struct.isFlexible)
  if (struct.isFlexible) steps.push(TAG_STEP)
  return steps
}

function append(steps: Step[], field: Field, isFlexible: boolean): void {
  const { kind, isArray, struct } = field
  const length = isFlexible ? COMPACT_LENGTH : LONG_LENGTH
  const fixed = FIXED_BYTES[kind]
  if (isArray) {
    if (fixed !== undefined) steps.push({ op: FIXED_ARRAY, size: fixed, length, sub: NO_STEPS })
    else steps.push({ op: ARRAY, size: 0, length, sub: struct === undefined ? [elementStep(kind, isFlexible)] : stepsOf(struct) })
  } else if (fixed !== undefined) addFixed(steps, fixed)
  else if (kind !== STRUCT) steps.push(elementStep(kind, isFlexible))
  else if (field.isNullable) steps.push({ op: MAYBE, size: 0, length: 1, sub: stepsOf(struct!) })
  else steps.push(...stepsOf(struct!))
}

function elementStep(kind: number, isFlexible: boolean): Step {
  const length = isFlexible ? COMPACT_LENGTH : kind === STR ? SHORT_LENGTH : LONG_LENGTH
  return { op: kind === RECORDS ? RECORD_FIELD : SIZED, size: 0, length, sub: NO_STEPS }
}

/** Neighbours of fixed size are one step. */
function addFixed(steps: Step[], size: number): void {
  const last = steps.at(-1)
  if (last?.op === FIXED) steps[steps.length - 1] = { ...last, size: last.size + size }
  else steps.push({ op: FIXED, size, length: 0, sub: NO_STEPS })
}
