/** Payload of one frame (brokers agree on 128 KiB by default; `frame-max` could be more). */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024
/** What is kept of the arguments of a method, and of a content header. */
export const MAX_ARGUMENT_BYTES = 128 * 1024
/** Channels that are followed at a time; brokers agree on 2,047 by default. */
export const MAX_CHANNELS = 2048
/** What waits for an answer, a confirm or an acknowledgement, on all channels together. */
export const MAX_WAITING = 1024
export const MAX_WAITING_BYTES = 1024 * 1024
/** Fields of all tables within tables of one method. */
export const MAX_TABLE_FIELDS = 1024
export const MAX_TABLE_DEPTH = 8
