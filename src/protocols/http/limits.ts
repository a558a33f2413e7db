/** Header fields that are listed; those beyond still decide about the body. Also bounds the lines of a trailer section. */
export const MAX_HEADERS = 512
/** Content codings of one body that are undone. */
export const MAX_CODINGS = 4
/** Of a Content-Type or Content-Disposition: what is looked at for parameters. */
export const MAX_TYPE_CHARS = 1024
/** First bytes of HTML and XML that are searched for the name of a charset. */
export const CHARSET_SEARCH_BYTES = 1024
/** A longer JSON text is shown as text. */
export const MAX_JSON_CHARS = 1024 * 1024
/** JSON that is nested deeper is shown as text. */
export const MAX_JSON_DEPTH = 64
/** Fields of one form that are listed. */
export const MAX_FORM_FIELDS = 1000
/** Parts of one multipart body that are listed. */
export const MAX_PARTS = 100
/** Multipart within multipart is taken apart to this depth. */
export const MAX_PART_DEPTH = 3
/** Server-sent events of one body that are listed. */
export const MAX_EVENTS = 1000
/** First bytes of a binary body that are shown in hexadecimal. */
export const HEX_BYTES = 256
