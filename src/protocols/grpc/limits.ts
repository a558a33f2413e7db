/** Of a gRPC-Web answer, although nobody asked for bodies: its status is at the end. */
export const WANTED_WEB_BYTES = 16 * 1024
/** Messages of one direction that are listed; the others are counted. */
export const MAX_MESSAGES = 1024
/** What the messages of one direction may come to when they are decompressed, in times the body limit. */
export const MAX_EXPANSION = 4
/** Decompressed bytes of a frame that holds trailers (gRPC-Web). */
export const MAX_TRAILER_BYTES = 16 * 1024
/** Text of `grpc-message`. */
export const MAX_STATUS_MESSAGE_LENGTH = 8 * 1024
/** Bytes of `grpc-status-details-bin` as sent. */
export const MAX_DETAILS_LENGTH = 64 * 1024
