/** Header fields that are listed; those beyond still decide about the body. Also bounds the lines of a trailer section. */
export const MAX_HEADERS = 512
/** Content codings of one body that are undone. */
export const MAX_CODINGS = 4
