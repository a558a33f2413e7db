/** Messages within messages that are decoded; what is deeper is shown as bytes. Bounds the stack too. */
export const MAX_DEPTH = 32
/** Fields, elements and map entries of one message that are shown, those of the messages within it included. */
export const MAX_VALUES = 16_384
/** Fields that the schema does not know, of one message. */
export const MAX_UNKNOWN_FIELDS = 64
/** A number above it makes nobody believe that the bytes are a message. */
export const MAX_PLAUSIBLE_FIELD = 100_000
/** Packed numbers are only guessed where there are so few of them. */
export const MAX_GUESSED_PACKED = 64
/** Descriptors learned from what was captured, in sum as sent. */
export const MAX_LEARNED_BYTES = 4 * 1024 * 1024
/** References of learned files to types that no file has brought yet. */
export const MAX_UNRESOLVED = 4096
/** Files of them. */
export const MAX_LEARNED_FILES = 1024
