/** Bytes of standard base64; those before the first character that is none. */
export function parseBase64(text: string): Uint8Array {
  const clean = /^[A-Za-z0-9+/]*/.exec(text.replaceAll(/\s/g, ''))![0]
  const binary = atob(clean.slice(0, clean.length - (clean.length % 4 === 1 ? 1 : 0)))
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}
