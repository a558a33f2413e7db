import type { CaptureInterface, TickResolution } from './capture-handlers.ts'
import type { PcapngOption } from './pcapng-options.ts'
import { optionText, parseOptions } from './pcapng-options.ts'
import { TickClock } from './tick-clock.ts'

const IF_NAME = 2
const IF_DESCRIPTION = 3
const IF_TSRESOL = 9
const IF_FILTER = 11
const IF_TSOFFSET = 14
/** First byte of if_filter: the rest is the text of a filter and not its program. */
const FILTER_IS_TEXT = 0
const MICROSECONDS: TickResolution = { base: 10, exponent: 6 }

/** An interface and its clock. */
export interface PcapngInterface { readonly described: CaptureInterface, readonly clock: TickClock }

/**
 * Body of an interface description block in `buf[offset, end)`, draft-ietf-opsawg-pcapng §4.2:
 * link type (16 bits), reserved (16), snap length (32), options. Undefined when it breaks its format.
 */
export function parseInterface(
  buf: Uint8Array, view: DataView, offset: number, end: number, little: boolean, id: number, section: number,
): PcapngInterface | undefined {
  if (end - offset < 8) return undefined
  const options = parseOptions(view, offset + 8, end, little)
  if (options === undefined) return undefined
  const resolution = tickResolution(buf, options)
  const name = optionText(buf, options, IF_NAME)
  const description = optionText(buf, options, IF_DESCRIPTION)
  const filter = filterText(buf, options)
  const described: CaptureInterface = {
    id, section, linkType: view.getUint16(offset, little), snapLengthBytes: view.getUint32(offset + 4, little), resolution,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(filter !== undefined && { filter }),
  }
  return { described, clock: new TickClock(resolution, offsetSeconds(view, options, little)) }
}

/** One byte: the exponent, of 2 where the top bit is set and of 10 otherwise. */
function tickResolution(buf: Uint8Array, options: readonly PcapngOption[]): TickResolution {
  const found = options.find((o) => o.code === IF_TSRESOL && o.length >= 1)
  if (found === undefined) return MICROSECONDS
  const value = buf[found.offset]!
  return { base: (value & 0x80) === 0 ? 10 : 2, exponent: value & 0x7f }
}

function offsetSeconds(view: DataView, options: readonly PcapngOption[], little: boolean): number {
  const found = options.find((o) => o.code === IF_TSOFFSET && o.length >= 8)
  return found === undefined ? 0 : Number(view.getBigInt64(found.offset, little))
}

function filterText(buf: Uint8Array, options: readonly PcapngOption[]): string | undefined {
  const found = options.find((o) => o.code === IF_FILTER && o.length >= 1 && buf[o.offset] === FILTER_IS_TEXT)
  if (found === undefined) return undefined
  return optionText(buf, [{ code: IF_FILTER, offset: found.offset + 1, length: found.length - 1 }], IF_FILTER)
}
