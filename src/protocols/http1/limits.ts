/** Start line and headers of one message, with the empty line that ends them. */
export const MAX_HEAD_BYTES = 64 * 1024
/** The line before a chunk: size and extensions. */
export const MAX_CHUNK_LINE_BYTES = 16 * 1024
/** What is kept of a trailer section. */
export const MAX_TRAILER_BYTES = 16 * 1024
/** Requests that wait for their answer. */
export const MAX_WAITING_REQUESTS = 1024
/** Heads and kept bodies of the requests that wait, in sum; the newest may exceed it alone. */
export const MAX_WAITING_BYTES = 1024 * 1024
/** Answers that wait for a request which may have been captured after them. */
export const MAX_WAITING_ANSWERS = 8
/** 1xx answers that are listed before a final one. */
export const MAX_INTERIM = 8
/** What the client sends before an Upgrade or CONNECT was answered. */
export const MAX_HELD_BYTES = 64 * 1024
/** A request line that is longer than this is recognised without its end. */
export const PROBE_LINE_BYTES = 1024
/** Longest method that the probe believes. */
export const MAX_METHOD_BYTES = 32
