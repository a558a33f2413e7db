import { FETCH, PRODUCE, isFlexible, structFor } from './apis.ts'
import type { Field, Struct } from './schema.ts'
import { ERROR, FIXED_BYTES, I32, RECORDS, STR, STRUCT, UUID } from './schema.ts'

// The structure of Produce or Fetch as steps over its bytes that stop only where the line of a message is told something.

export const SKIP = 0
/** A length, then so many bytes. */
export const SIZED = 1
/** A count, then so many times `sub`. */
export const ARRAY = 2
/** A count, then so many times `size` bytes. */
export const FIXED_ARRAY = 3
/** A byte: -1 for null, else `sub`. */
export const MAYBE = 4
export const TAGS = 5
export const RECORD_FIELD = 6
export const ERROR_CODE = 7
/** Of a topic. */
export const NAME = 8
export const ID = 9
/** Number of a partition. */
export const PARTITION = 10
/** As ARRAY; a topic without any is told by its name alone. */
export const PARTITIONS = 11
/** `acks` of Produce, `sessionEpoch` of Fetch. */
export const NUMBER = 12

export interface LineStep { readonly op: number, readonly size: number, /** Bytes of the length; 0: a varint of one more. */ readonly length: number, readonly sub: readonly LineStep[] }

const NO_STEPS: readonly LineStep[] = []
const NUMBERS: ReadonlySet<string> = new Set(['acks', 'sessionEpoch'])
const known = new Map<number, readonly LineStep[] | undefined>()

/** Over what follows the client id of a request, or the correlation id of an answer. Undefined for all but Produce and Fetch of known versions. */
export function lineStepsOf(key: number, version: number, isRequest: boolean): readonly LineStep[] | undefined {
  if (key !== PRODUCE && key !== FETCH) return undefined
  const id = version * 4 + (key === FETCH ? 2 : 0) + (isRequest ? 1 : 0)
  let steps = known.get(id)
  if (steps === undefined && !known.has(id)) known.set(id, steps = build(key, version, isRequest))
  return steps
}

function build(key: number, version: number, isRequest: boolean): readonly LineStep[] | undefined {
  const struct = structFor(key, version, isRequest)
  if (struct === undefined) return undefined
  const steps = stepsOf(struct, false, isRequest || key === FETCH)
  return isFlexible(key, version) ? [step(TAGS, 0, 0), ...steps] : steps
}

function step(op: number, size: number, length: number, sub: readonly LineStep[] = NO_STEPS): LineStep {
  return { op, size, length, sub }
}

/** `isTopic`: within one of those that the line names, which it does only where it `names` any. */
function stepsOf({ fields, isFlexible: isCompact }: Struct, isTopic: boolean, names: boolean): readonly LineStep[] {
  const steps: LineStep[] = []
  for (const field of fields) add(steps, field, isCompact, isTopic, names)
  if (isCompact) steps.push(step(TAGS, 0, 0))
  return steps
}

function add(steps: LineStep[], field: Field, isCompact: boolean, isTopic: boolean, names: boolean): void {
  const { kind, isArray, struct, name } = field
  const long = isCompact ? 0 : 4
  const short = isCompact ? 0 : 2
  if (isArray) steps.push(arrayStep(field, isCompact, isTopic, names))
  else if (kind === RECORDS) steps.push(step(RECORD_FIELD, 0, long))
  else if (kind === ERROR) steps.push(step(ERROR_CODE, 2, 0))
  else if (NUMBERS.has(name)) steps.push(step(NUMBER, FIXED_BYTES[kind]!, 0))
  else if (isTopic && kind === STR && name === 'topic') steps.push(step(NAME, 0, short))
  else if (isTopic && kind === UUID && name === 'topicId') steps.push(step(ID, 16, 0))
  else if (isTopic && kind === I32 && name === 'partition') steps.push(step(PARTITION, 4, 0))
  else if (kind < STR) addSkip(steps, FIXED_BYTES[kind]!)
  else if (kind !== STRUCT) steps.push(step(SIZED, 0, kind === STR ? short : long))
  else if (field.isNullable) steps.push(step(MAYBE, 0, 1, stepsOf(struct!, isTopic, names)))
  else steps.push(...stepsOf(struct!, isTopic, names))
}

function arrayStep({ kind, name, struct }: Field, isCompact: boolean, isTopic: boolean, names: boolean): LineStep {
  const length = isCompact ? 0 : 4
  if (kind < STR) return step(FIXED_ARRAY, FIXED_BYTES[kind]!, length)
  if (struct === undefined) return step(ARRAY, 0, length, [step(SIZED, 0, isCompact ? 0 : kind === STR ? 2 : 4)])
  const sub = stepsOf(struct, isTopic || (names && name === 'topics'), names)
  return step(isTopic && name === 'partitions' ? PARTITIONS : ARRAY, 0, length, sub)
}

/** Neighbours are one step. */
function addSkip(steps: LineStep[], size: number): void {
  const last = steps.at(-1)
  if (last?.op === SKIP) steps[steps.length - 1] = step(SKIP, last.size + size, 0)
  else steps.push(step(SKIP, size, 0))
}
