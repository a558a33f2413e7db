/** A length prefix that says more is not believed: it is what brokers take at most by default (`socket.request.max.bytes`). */
export const MAX_FRAME_BYTES = 100 * 1024 * 1024
/** What is kept of one request or answer besides the bytes of records. */
export const MAX_STRUCTURE_BYTES = 512 * 1024
/** Requests that wait for their answer. */
export const MAX_WAITING_REQUESTS = 1024
/** What is kept of the requests that wait, in sum; the newest may exceed it alone. */
export const MAX_WAITING_BYTES = 1024 * 1024
/** Answers that wait for a request which may have been captured after them. */
export const MAX_WAITING_ANSWERS = 8
/** What is kept of an answer whose request is not known. */
export const MAX_UNASKED_BYTES = 16 * 1024
/** Fields of records in one request or answer of which bytes are kept; of further ones only the counts. */
export const MAX_RECORD_FIELDS = 4096
/** Headers of one record that are listed. */
export const MAX_RECORD_HEADERS = 256
/** Decompression of a batch yields at most so many times the body limit. */
export const MAX_EXPANSION = 16
/** Message sets (v0, v1) inside compressed messages. */
export const MAX_NESTING = 2
/** Topic ids of which the name is remembered, for all connections of a run. */
export const MAX_TOPIC_NAMES = 10_000
/** Servers of which it is remembered how they call one topic id. */
export const MAX_TOPIC_SERVERS = 16
/** Longest client id that the probe believes. */
export const MAX_CLIENT_ID_BYTES = 256
/** The probe looks at no more. */
export const PROBE_BYTES = 512
/** What is carried over from one chunk to the next while a boundary is searched for. */
export const MAX_CARRY_BYTES = MAX_CLIENT_ID_BYTES + 64
/** Partitions that `what` names before it counts. */
export const MAX_NAMED_PARTITIONS = 2
