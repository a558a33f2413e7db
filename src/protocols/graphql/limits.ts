/** Characters of a document that are looked at for its operations. */
export const MAX_DOCUMENT_CHARS = 256 * 1024
/** Documents whose operations are remembered, for all connections, and the characters of the longest of them. */
export const MAX_KNOWN_DOCUMENTS = 64
export const MAX_KNOWN_CHARS = 2048
/** Operations of one document that are told apart. */
export const MAX_OPERATIONS = 32
/** Fields of an operation's first level that are named. */
export const MAX_ROOT_FIELDS = 16
/** Operations of one batch that are shown. */
export const MAX_BATCH = 50
/** Members of one JSON object that are looked at. */
export const MAX_MEMBERS = 64
/** Errors of one answer that are shown. */
export const MAX_ERRORS = 50
/** First bytes of a request that are kept for its operation although nobody asked for bodies: where the path speaks of GraphQL, and elsewhere. */
export const WANTED_BYTES = 16 * 1024
export const WANTED_ELSEWHERE_BYTES = 2 * 1024
/** The same of an answer, for its errors; only where the path speaks of GraphQL. */
export const WANTED_ANSWER_BYTES = 4 * 1024
/** Operations over one WebSocket whose names are remembered until they are over. */
export const MAX_SUBSCRIPTIONS = 1024
/** First bytes of a message over WebSocket that are kept although nobody asked for bodies. */
export const WANTED_MESSAGE_BYTES = 8 * 1024
/** Characters of the id of an operation, which its client chooses. */
export const MAX_ID_CHARS = 64
/** Characters that are remembered of an operation over WebSocket. */
export const MAX_OPERATION_CHARS = 128
