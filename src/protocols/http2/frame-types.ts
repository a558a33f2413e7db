// RFC 9113 §6.
export const DATA = 0
export const HEADERS = 1
export const PRIORITY = 2
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const CONTINUATION = 9

export const END_STREAM = 0x1
export const ACK = 0x1
export const END_HEADERS = 0x4
export const PADDED = 0x8
export const HAS_PRIORITY = 0x20

export const FRAME_HEADER_BYTES = 9
/** SETTINGS_MAX_FRAME_SIZE where nothing else was agreed on. */
export const DEFAULT_FRAME_BYTES = 16_384

const PREFACE_TEXT = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
/** The first bytes of a client (RFC 9113 §3.4). */
export const PREFACE = Uint8Array.from(PREFACE_TEXT, (c) => c.charCodeAt(0))
