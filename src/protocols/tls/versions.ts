import { hexText, isGrease } from './code-points.ts'

export const SSL_2 = 0x0002
export const SSL_3 = 0x0300
export const TLS_1_0 = 0x0301
export const TLS_1_2 = 0x0303
export const TLS_1_3 = 0x0304

const NAMES: Readonly<Record<number, string>> = {
  [SSL_2]: 'SSL 2.0', [SSL_3]: 'SSL 3.0', [TLS_1_0]: 'TLS 1.0', 0x0302: 'TLS 1.1', [TLS_1_2]: 'TLS 1.2', [TLS_1_3]: 'TLS 1.3',
}

/** `TLS 1.3`, `TLS 1.3 draft 28` (0x7f1c), `GREASE` or `0x1234`. */
export function versionName(version: number): string {
  const name = NAMES[version]
  if (name !== undefined) return name
  if (version >> 8 === 0x7f) return `TLS 1.3 draft ${version & 0xff}`
  return isGrease(version) ? 'GREASE' : hexText(version)
}

export function isTls13(version: number): boolean {
  return version === TLS_1_3 || version >> 8 === 0x7f
}
