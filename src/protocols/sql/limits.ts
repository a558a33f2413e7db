/** Longest head of a frame: PostgreSQL's start-up, 8; a compressed packet of MySQL, 7. */
export const MAX_HEAD_BYTES = 8
/** What one side may send while it is open as what the connection goes on. */
export const MAX_PAUSED_BYTES = 16 * 1024
/** What is kept of a statement where bodies are not wanted: enough for a line. */
export const MIN_STATEMENT_BYTES = 1024
/** Bodies of functions within bodies of functions (`$$ … $$`) that are searched for passwords. */
export const MAX_QUOTING_DEPTH = 3
/** Characters of a statement that `what` shows. */
export const MAX_WHAT_CHARACTERS = 1000
