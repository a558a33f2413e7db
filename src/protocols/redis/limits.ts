/** What is kept of a command or a reply where no bodies are wanted: enough for its line. */
export const MIN_KEPT_BYTES = 256
/** Aggregates within aggregates. */
export const MAX_DEPTH = 64
/** A length that a header may give, in bytes or elements; the server's own bound for strings is 512 MiB unless it is configured. */
export const MAX_LENGTH = 2 ** 32
/** An inline command; the server's bound as well. */
export const MAX_INLINE_BYTES = 64 * 1024
/** Commands that wait for their reply. */
export const MAX_WAITING_REQUESTS = 8192
/** What the commands that wait hold, in sum; the newest may exceed it alone. */
export const MAX_WAITING_BYTES = 2 * 1024 * 1024
/** Replies that wait for a command which may have been captured after them. */
export const MAX_WAITING_REPLIES = 16
/** Confirmations of one SUBSCRIBE that are listed. */
export const MAX_CONFIRMATIONS = 256
/** Commands of a transaction that are remembered for its EXEC. */
export const MAX_QUEUED = 1024
/** What they hold, in sum. */
export const MAX_QUEUED_BYTES = 256 * 1024
/** Longest name of a command that the probe believes. */
export const MAX_NAME_BYTES = 32
/** Characters of one argument in the line for a list. */
export const MAX_SHOWN_CHARACTERS = 80
/** Arguments in the line for a list. */
export const MAX_SHOWN_ARGUMENTS = 8
/** Digits of a number in a header. */
export const MAX_DIGITS = 12
