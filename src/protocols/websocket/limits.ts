/** First bytes of a message that are kept for its line although nobody asked for bodies. */
export const EXCERPT_BYTES = 512
/** A longer text is read anew each time it comes. */
export const MAX_KNOWN_BYTES = 128
/** Of connections to other paths all texts are read anew. */
export const MAX_KNOWN_PATHS = 64
/** Characters of a text that stand in the line. */
export const EXCERPT_CHARS = 40
/** Characters of the path that stand in the line; of a longer one its end. */
export const PATH_CHARS = 20
/** A compressed message that is longer is not read: it must be here as a whole to be decompressed. */
export const MAX_COMPRESSED_BYTES = 1024 * 1024
/** What a compressed message may become. */
export const MAX_INFLATED_BYTES = 4 * 1024 * 1024
/** The window of DEFLATE (RFC 1951): what later messages may refer to. */
export const WINDOW_BYTES = 32 * 1024
/** RFC 6455 §5.5 */
export const MAX_CONTROL_BYTES = 125
/** Text of a first frame that is looked at to recognise the protocol in the middle of a connection. */
export const PROBE_TEXT_BYTES = 64
/** Frames in a row that are looked at to find the place again. */
export const MAX_CHAIN = 4
