// A screenshot as PNG with a palette (PNG, third edition, §11.2.1): text on plain grounds needs no more colours, and a third of the bytes.
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const COLOURS = 256
const SIGNATURE_BYTES = 8

interface Pixels { readonly width: number, readonly height: number, readonly rgb: Uint8Array }

/** @param png of 8 bits a channel, RGB or RGBA, not interlaced, as Chromium makes them; RGBA counts as opaque */
export function palettePng(png: Buffer): Buffer {
  const { width, height, rgb } = pixelsOf(png)
  const palette = paletteOf(rgb)
  const nearest = new Map<number, number>()
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = colourAt(rgb, (y * width + x) * 3)
      let index = nearest.get(colour)
      if (index === undefined) nearest.set(colour, index = nearestOf(palette, colour))
      rows[y * (width + 1) + 1 + x] = index
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([png.subarray(0, SIGNATURE_BYTES), chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}

function colourAt(rgb: Uint8Array, at: number): number {
  return (rgb[at]! << 16) | (rgb[at + 1]! << 8) | rgb[at + 2]!
}

/** The most frequent. */
function paletteOf(rgb: Uint8Array): number[] {
  const counts = new Map<number, number>()
  for (let at = 0; at < rgb.length; at += 3) counts.set(colourAt(rgb, at), (counts.get(colourAt(rgb, at)) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, COLOURS).map(([colour]) => colour)
}

function nearestOf(palette: readonly number[], colour: number): number {
  let best = 0
  let least = Infinity
  for (const [index, other] of palette.entries()) {
    const distance = ((other >> 16) - (colour >> 16)) ** 2 + (((other >> 8) & 255) - ((colour >> 8) & 255)) ** 2 + ((other & 255) - (colour & 255)) ** 2
    if (distance >= least) continue
    best = index
    least = distance
  }
  return best
}

function pixelsOf(png: Buffer): Pixels {
  const data: Buffer[] = []
  let [width, height, channels] = [0, 0, 3]
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const length = png.readUInt32BE(at)
    const body = png.subarray(at + 8, at + 8 + length)
    const kind = png.toString('latin1', at + 4, at + 8)
    if (kind === 'IHDR') [width, height, channels] = [body.readUInt32BE(0), body.readUInt32BE(4), body[9] === 6 ? 4 : 3]
    else if (kind === 'IDAT') data.push(body)
    at += 12 + length
  }
  return { width, height, rgb: unfiltered(inflateSync(Buffer.concat(data)), width, height, channels) }
}

/** §9.2: each byte was told from the one to the left, above, and left above. */
function unfiltered(bytes: Buffer, width: number, height: number, channels: number): Uint8Array {
  const stride = width * channels
  const rgb = new Uint8Array(width * height * 3)
  let above = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const row = new Uint8Array(bytes.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)))
    const filter = bytes[y * (stride + 1)]!
    for (let i = 0; i < stride; i++) row[i]! += predicted(filter, i < channels ? 0 : row[i - channels]!, above[i]!, i < channels ? 0 : above[i - channels]!)
    for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) rgb[(y * width + x) * 3 + c] = row[x * channels + c]!
    above = row
  }
  return rgb
}

function predicted(filter: number, left: number, up: number, upLeft: number): number {
  switch (filter) {
    case 1: return left
    case 2: return up
    case 3: return (left + up) >> 1
    case 4: return paeth(left, up, upLeft)
    default: return 0
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const [a, b, c] = [Math.abs(up - upLeft), Math.abs(left - upLeft), Math.abs(left + up - 2 * upLeft)]
  return a <= b && a <= c ? left : b <= c ? up : upLeft
}

function chunk(kind: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, 'latin1'), body])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
