/** Whether a value of JSON has a shape. */
export type Shape = (value: unknown) => boolean

export const text: Shape = (value) => typeof value === 'string'
export const number: Shape = (value) => typeof value === 'number' && Number.isFinite(value)
export const whole: Shape = (value) => Number.isSafeInteger(value)
export const natural: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0
export const yesNo: Shape = (value) => typeof value === 'boolean'
export const anything: Shape = () => true

export function maybe(shape: Shape): Shape {
  return (value) => value === undefined || shape(value)
}

export function either(...shapes: readonly Shape[]): Shape {
  return (value) => shapes.some((shape) => shape(value))
}

export function list(shape: Shape, atMost = 1_000_000): Shape {
  return (value) => Array.isArray(value) && value.length <= atMost && value.every(shape)
}

/** Members that are not named may be anything. */
export function members(shapes: Readonly<Record<string, Shape>>): Shape {
  const all = Object.entries(shapes)
  return (value) => typeof value === 'object' && value !== null && all.every(([name, shape]) => shape((value as Record<string, unknown>)[name]))
}

/** An object of any names. */
export function record(shape: Shape, atMost = 10_000): Shape {
  return (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length <= atMost && Object.values(value).every(shape)
}
