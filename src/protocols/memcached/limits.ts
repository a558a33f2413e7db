/** A line of a client or a server; a get of many keys is the longest. */
export const MAX_LINE_BYTES = 64 * 1024
/** Size of a value that a line may announce: the largest item that the server can be configured for. */
export const MAX_VALUE_BYTES = 1024 * 1024 * 1024
/** Items of one answer that are kept: values of a get, lines of stats. */
export const MAX_ITEMS = 1024
/** What their lines hold in sum, values not counted. */
export const MAX_ITEM_BYTES = 256 * 1024
/** Commands that wait for their answer. */
export const MAX_WAITING_COMMANDS = 4096
/** What they hold in sum; the newest may always stay. */
export const MAX_WAITING_BYTES = 1024 * 1024
/** Answers that wait for a command which may have been captured after them. */
export const MAX_WAITING_ANSWERS = 8
/** Keys in the line for a list. */
export const MAX_SHOWN_KEYS = 3
/** Characters of a word in the line for a list. */
export const MAX_SHOWN_CHARACTERS = 80
/** Bytes that the probe looks at. */
export const MAX_PROBE_BYTES = 512
