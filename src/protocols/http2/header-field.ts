import type { Header } from '../http/headers.ts'

/**
 * A field of a header list, one character a byte. Shared between the table and every list that it is referred to from: not to be written to.
 * The texts are filled in when the block that brought it is at its end.
 */
export class HeaderField implements Header {
  name: string
  value: string
  readonly nameBytes: number
  /** As RFC 7541 §4.1 counts it. */
  readonly sizeBytes: number
  /** The name stood in a table entry that is not known. */
  readonly isNameless: boolean

  constructor(name: string, value: string, nameBytes: number, valueBytes: number, isNameless: boolean) {
    this.name = name
    this.value = value
    this.nameBytes = nameBytes
    this.sizeBytes = nameBytes + valueBytes + 32
    this.isNameless = isNameless
  }

  /** Neither name nor value is known: the value only says so. */
  get isUnknown(): boolean {
    return this.isNameless && this.nameBytes < 0
  }
}

/** Stands for a name that is not known. */
export const UNKNOWN_NAME = '[unknown]'
