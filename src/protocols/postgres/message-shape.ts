import { MAX_MESSAGE_BYTES, MAX_SMALL_BYTES } from './limits.ts'

/** Type bytes of messages. The two sides use the same letter for different ones. */
export const A = 0x41, B = 0x42, C = 0x43, D = 0x44, E = 0x45, F = 0x46, G = 0x47, H = 0x48, I = 0x49, K = 0x4b, N = 0x4e, P = 0x50, Q = 0x51
export const R = 0x52, S = 0x53, T = 0x54, V = 0x56, W = 0x57, X = 0x58, Z = 0x5a
export const LOWER_C = 0x63, LOWER_D = 0x64, LOWER_F = 0x66, LOWER_N = 0x6e, LOWER_P = 0x70, LOWER_S = 0x73, LOWER_T = 0x74, LOWER_V = 0x76
export const ONE = 0x31, TWO = 0x32, THREE = 0x33

/** Type byte and length. */
export const HEAD_BYTES = 5

const NONE = -1

/** Least and greatest length that a type may say; the length counts itself. -1 where there is no such type. */
class Shapes {
  readonly #least = new Int32Array(256).fill(NONE)
  readonly #most = new Int32Array(256)

  add(least: number, most: number, ...types: number[]): this {
    for (const type of types) {
      this.#least[type] = least
      this.#most[type] = most
    }
    return this
  }

  fits(type: number, length: number): boolean {
    return this.#least[type] !== NONE && length >= this.#least[type]! && length <= this.#most[type]!
  }

  has(type: number): boolean {
    return this.#least[type] !== NONE
  }
}

export const FRONTEND = new Shapes()
  .add(4, 4, S, H, X, LOWER_C)
  .add(5, MAX_MESSAGE_BYTES, Q, LOWER_F, LOWER_P).add(4, MAX_MESSAGE_BYTES, LOWER_D)
  .add(8, MAX_MESSAGE_BYTES, P).add(12, MAX_MESSAGE_BYTES, B).add(14, MAX_MESSAGE_BYTES, F)
  .add(6, MAX_SMALL_BYTES, D, C).add(9, MAX_SMALL_BYTES, E)

export const BACKEND = new Shapes()
  .add(4, 4, ONE, TWO, THREE, I, LOWER_C, LOWER_N, LOWER_S).add(5, 5, Z)
  .add(8, MAX_SMALL_BYTES, R).add(12, 272, K).add(6, MAX_SMALL_BYTES, S).add(5, MAX_SMALL_BYTES, C)
  .add(6, MAX_MESSAGE_BYTES, T, D, LOWER_T).add(5, MAX_MESSAGE_BYTES, E, N).add(10, MAX_MESSAGE_BYTES, A)
  .add(7, MAX_SMALL_BYTES, G, H, W).add(4, MAX_MESSAGE_BYTES, LOWER_D).add(8, MAX_MESSAGE_BYTES, V).add(12, MAX_SMALL_BYTES, LOWER_V)

/** The big-endian number at `at`. */
export function u32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + (bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!)
}
