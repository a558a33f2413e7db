/** One header block with its CONTINUATION frames, as sent. */
export const MAX_BLOCK_BYTES = 64 * 1024
/** CONTINUATION frames of one header block. */
export const MAX_CONTINUATIONS = 64
/** Names and values of one header list, added up; RFC 9113 §6.5.2 counts 32 bytes a field on top, and so do we. */
export const MAX_LIST_BYTES = 256 * 1024
/** Dynamic table of one direction, in the bytes of RFC 7541 §4.1. Entries beyond it are unknown, never wrong. */
export const MAX_TABLE_BYTES = 64 * 1024
/** Streams of one connection that are followed at a time. */
export const MAX_STREAMS = 1024
/** Header lists and kept bodies of all open streams of a connection, in sum. */
export const MAX_HELD_BYTES = 1024 * 1024
/** Streams that ended lately: frames that were still on their way to them are no news. */
export const MAX_RECENT_STREAMS = 64
/** 1xx responses that are listed before a final one. */
export const MAX_INTERIM = 8
/** What is kept of a SETTINGS, GOAWAY or unknown control frame. */
export const MAX_CONTROL_BYTES = 4 * 1024
/** RST_STREAM of one side within a second, more of which are called a flood. */
export const MAX_RESETS_A_SECOND = 200
/** Age of a request or a response from which on its further data is shown as it comes. */
export const LONG_LIVED_MICROS = 1_000_000
/** Parts of one stream that are shown within a second; what comes faster is shown together. */
export const MAX_PARTS_A_SECOND = 8
/** Bytes of one side that wait while it is not certain that a frame begins there. */
export const MAX_SEARCH_BYTES = 32 * 1024
/** Frame size that is believed where the SETTINGS were not captured. */
export const MAX_BELIEVED_FRAME_BYTES = 1024 * 1024
