/** Above this the packet goes on in the next one. */
export const FULL_PACKET_BYTES = 0xff_ffff
/** What is kept of a packet that is no statement and no row: greetings, logins, column definitions, OK and error packets. */
export const MAX_SMALL_BYTES = 16 * 1024
/** What is looked at of a row that is not kept. */
export const ROW_LOOK_BYTES = 1024
/** A compressed packet that is longer, or unfolds to more, is not unfolded: its bytes count as lost. */
export const MAX_COMPRESSED_BYTES = 2 * 1024 * 1024
/** Commands that wait for their answers. */
export const MAX_WAITING_COMMANDS = 256
/** What those hold, in sum; the newest may exceed it alone. */
export const MAX_WAITING_BYTES = 1024 * 1024
/** Prepared statements that are remembered by number. */
export const MAX_STATEMENTS = 256
/** Their texts, in sum. */
export const MAX_STATEMENT_BYTES = 512 * 1024
/** Parameters of one statement that were sent in pieces. */
export const MAX_LONG_PARAMETERS = 16
/** Results listed of one command. */
export const MAX_RESULTS = 64
/** Column definitions kept of one result. Servers allow 4096. */
export const MAX_COLUMNS = 1024
export const MAX_COLUMN_BYTES = 64 * 1024
/** Packets of an authentication that are kept. */
export const MAX_AUTHENTICATION = 16
/** Attributes of a connection or a query that are listed. */
export const MAX_ATTRIBUTES = 64
