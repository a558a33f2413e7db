import type { Micros } from '../model/time.ts'

/** Takes captured frames, one call a frame. */
export interface FrameSink {
  /**
   * @param buf the frame is `buf[offset, offset + captured)`; borrowed until return (it lies in a ring or in a file's read buffer)
   * @param wire length on the wire in bytes; more than `captured` where the snap length cut it
   * @param linkType LINKTYPE_ value of https://www.tcpdump.org/linktypes.html
   * @param interfaceId number of the interface within its source: index in the file, or the kernel's ifindex
   */
  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: Micros, linkType: number, interfaceId: number): void
  /** The frames that follow lie in `buf`, and all of them stay as they are until `endBlock()`: what is kept of them need not be copied at once. */
  beginBlock?(buf: Uint8Array): void
  endBlock?(): void
}
