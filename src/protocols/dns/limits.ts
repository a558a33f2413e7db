/** A message over TCP has a length of 16 bits, one over UDP no more (RFC 1035 §4.2). */
export const MAX_MESSAGE_BYTES = 65_535
/** A name on the wire, with its length bytes and the root (RFC 1035 §3.1). */
export const MAX_NAME_BYTES = 255
/** Records of one message that are shown; the rest is counted. */
export const MAX_SHOWN_RECORDS = 500
/** Questions that are shown, and named in `what`. */
export const MAX_SHOWN_QUESTIONS = 20
export const MAX_NAMED_QUESTIONS = 3
/** Bytes of one record's data that are shown. */
export const MAX_DATA_BYTES = 4096
/** EDNS options that are shown. */
export const MAX_SHOWN_OPTIONS = 50
/** Queries of one flow that wait for an answer, and what is kept of them in sum; the newest may exceed it alone. */
export const MAX_WAITING_QUERIES = 1024
export const MAX_WAITING_BYTES = 256 * 1024
/** Answers that wait for a query which may have been captured after them. */
export const MAX_WAITING_ANSWERS = 8
/** A query without an answer for so long, by capture time, is told. Stubs and resolvers give up after 5 to 10 s. */
export const UNANSWERED_MICROS = 15 * 1e6
/** A query or an answer that comes again sooner is a copy from another interface: nobody asks again so quickly. */
export const COPY_MICROS = 50_000
/** Latest answers that are remembered, to recognise copies of them. */
export const MAX_REMEMBERED_ANSWERS = 8
/** What is kept of a zone transfer. All of it is counted. */
export const MAX_TRANSFER_BYTES = 64 * 1024
