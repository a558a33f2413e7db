/** What is kept of a message where no bodies are wanted: enough for its line. */
export const MIN_KEPT_BYTES = 4096
/** A message; servers take 48,000,000 bytes of documents and 16 KiB around them. */
export const MAX_MESSAGE_BYTES = 48_000_000 + 16 * 1024
/** Documents within documents; the server's own bound is 100, or twice that within itself. */
export const MAX_DEPTH = 100
/** Values of one document that are shown, those within it included. */
export const MAX_VALUES = 20_000
/** Requests that wait for their reply. */
export const MAX_WAITING_REQUESTS = 1024
/** What the requests that wait hold, in sum; the newest may exceed it alone. */
export const MAX_WAITING_BYTES = 1024 * 1024
/** Replies that wait for a request which may have been captured after them. */
export const MAX_WAITING_REPLIES = 16
/** Sections of one message that are looked at. */
export const MAX_SECTIONS = 64
/** Name of a collection with its database. */
export const MAX_NAMESPACE_BYTES = 255
