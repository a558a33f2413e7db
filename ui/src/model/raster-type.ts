/** By its first bytes, never by what a peer said of it: SVG and HTML are programs and never get here. */
const SIGNATURES: readonly { readonly type: string, readonly bytes: readonly (number | undefined)[] }[] = [
  { type: 'image/png', bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { type: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
  { type: 'image/gif', bytes: [0x47, 0x49, 0x46, 0x38] },
  { type: 'image/webp', bytes: [0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50] },
  { type: 'image/avif', bytes: [undefined, undefined, undefined, undefined, 0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69] },
  { type: 'image/bmp', bytes: [0x42, 0x4d, undefined, undefined, undefined, undefined, 0, 0, 0, 0] },
  { type: 'image/x-icon', bytes: [0, 0, 1, 0, undefined, 0] },
]

/** The media type of a raster image that a browser can show; undefined for everything else. */
export function rasterType(bytes: Uint8Array): string | undefined {
  return SIGNATURES.find((signature) => bytes.length >= signature.bytes.length
    && signature.bytes.every((byte, at) => byte === undefined || byte === bytes[at]))?.type
}
