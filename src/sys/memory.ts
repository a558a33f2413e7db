import koffi from 'koffi'
import { MtlscopeError } from '../base/errors.ts'

/*
 * Memory outside of V8's heap, addressed by plain numbers: an address of a process on x64 and arm64 has at most 48 bits, and a number costs
 * a call some 100 ns where a typed array costs 170 and a BigInt 230. One declaration a line, named as its man page in section 3.
 */
const libc = koffi.load(null)
const M_MXFAST = 1

const mallocAt: (sizeBytes: number) => number | bigint = libc.func('uint64_t malloc(size_t size)')
/** free(3); 0 is allowed. */
export const freeAt: (address: number) => void = libc.func('void free(uint64_t ptr)')
/** memcpy(3). */
export const copyAt: (to: number, from: number, sizeBytes: number) => void = libc.func('void memcpy(uint64_t dest, uint64_t src, size_t n)')

/** Bytes that nobody initialised, until freeAt. Throws 'system-call' where there are none. */
export function allocateAt(sizeBytes: number): number {
  const address = Number(mallocAt(sizeBytes))
  if (address === 0) throw new MtlscopeError('system-call', `cannot allocate ${sizeBytes} bytes: ENOMEM`, { facts: { call: 'malloc', sizeBytes } })
  return address
}

/** The bytes at an address, not copied. Touching them after freeAt is a fault that nothing catches. */
export function bytesAt(address: number, sizeBytes: number): Uint8Array {
  return new Uint8Array(koffi.view(BigInt(address), sizeBytes))
}

/** A view of foreign memory costs a microsecond, and the collector has to be told of each: texts are copied to where one is kept. */
const TEXT_BYTES = 4096
const textAddress = allocateAt(TEXT_BYTES)
const textMemory = Buffer.from(bytesAt(textAddress, TEXT_BYTES).buffer)

/** A copy as a string of one character a byte; a NUL is a character like others. */
export function latin1At(address: number, sizeBytes: number): string {
  if (sizeBytes === 0) return ''
  if (sizeBytes > TEXT_BYTES) return Buffer.from(koffi.view(BigInt(address), sizeBytes)).toString('latin1')
  copyAt(textAddress, address, sizeBytes)
  return textMemory.toString('latin1', 0, sizeBytes)
}

/**
 * Keeps no fast bins: mallopt(3) of glibc, for all threads. Each free of a large buffer would join them all up again, which costs a
 * handshake a twentieth. Does nothing with other C libraries.
 */
export function keepNoFastBins(): void {
  try {
    const mallopt = libc.func('int mallopt(int param, int value)') as (parameter: number, value: number) => number
    mallopt(M_MXFAST, 0)
  } catch {
    // No glibc.
  }
}

/** Gives what malloc keeps for later back to the system: malloc_trim(3) of glibc. Does nothing with other C libraries. */
export const trimMemory = findTrim()

function findTrim(): (keepBytes: number) => void {
  try {
    return libc.func('int malloc_trim(size_t pad)') as (keepBytes: number) => void
  } catch {
    return () => {}
  }
}
