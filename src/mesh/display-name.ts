// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const MAX_NAME = 128

/**
 * A name that another process chose, fit for a terminal and a file: control characters and those that turn the direction
 * of text are taken out, and what is longer than 128 is cut. Undefined where nothing is left.
 */
export function displayName(text: string | undefined): string | undefined {
  // Cut first: a megabyte of control characters is not worth a pass.
  const clean = text?.slice(0, 4 * MAX_NAME).replace(UNSAFE, '').trim().slice(0, MAX_NAME)
  return clean === '' ? undefined : clean
}
