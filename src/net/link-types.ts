/** The LINKTYPE_ values of https://www.tcpdump.org/linktypes.html that can be decoded. */
export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
export const LINKTYPE_PPP = 9
/** DLT_RAW where a file was written with the platform's own number instead of 101. */
export const LINKTYPE_RAW_BSD = 12
export const LINKTYPE_RAW_OPENBSD = 14
export const LINKTYPE_PPP_HDLC = 50
export const LINKTYPE_PPP_ETHER = 51
export const LINKTYPE_RAW = 101
export const LINKTYPE_C_HDLC = 104
export const LINKTYPE_LOOP = 108
export const LINKTYPE_LINUX_SLL = 113
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229
export const LINKTYPE_LINUX_SLL2 = 276
