/** RFC 9113 §7, by number. */
const NAMES = [
  'NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM',
  'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED',
]

export const NO_ERROR = 0
export const REFUSED_STREAM = 7
export const CANCEL = 8
export const ENHANCE_YOUR_CALM = 11
export const INADEQUATE_SECURITY = 12
export const LAST_ERROR_CODE = NAMES.length - 1

/** `CANCEL`; `0x2a` for a number that is not assigned. */
export function errorName(code: number): string {
  return NAMES[code] ?? `0x${code.toString(16)}`
}
