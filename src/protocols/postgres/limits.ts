/** A start-up packet is refused by servers above this. */
export const MAX_STARTUP_BYTES = 10_000
/** A longer message breaks the protocol: servers allow no field above 1 GiB. */
export const MAX_MESSAGE_BYTES = 0x4000_0000
/** What is kept of a message that is no statement, parameter or row: descriptions, tags, authentication. */
export const MAX_SMALL_BYTES = 64 * 1024
/** What is kept of an error or a notice. */
export const MAX_ERROR_BYTES = 8 * 1024
/** Operations that wait for their answers. */
export const MAX_WAITING_OPERATIONS = 1024
/** What those hold, in sum; the newest may exceed it alone. */
export const MAX_WAITING_BYTES = 1024 * 1024
/** Answers awaited, those of operations that were given up included. */
export const MAX_AWAITED = 16 * 1024
/** Prepared statements that are remembered by name. */
export const MAX_STATEMENTS = 256
/** Their texts, in sum. */
export const MAX_STATEMENT_BYTES = 512 * 1024
export const MAX_PORTALS = 64
/** Results listed of one operation. */
export const MAX_RESULTS = 64
export const MAX_NOTICES = 16
/** Parameters that the server reports, listed of one operation. */
export const MAX_REPORTED = 64
/** Rounds of authentication that are listed. */
export const MAX_AUTHENTICATION = 16
/** Columns or parameters listed. */
export const MAX_COLUMNS = 1664
/** Names longer than this are cut. Real ones have 63 bytes. */
export const MAX_NAME_BYTES = 256
