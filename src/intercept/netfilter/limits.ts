/** Rules of one text. A node with a large kube-proxy has some 100,000. */
export const MAX_RULES = 1_000_000
/** Characters of one text. */
export const MAX_TEXT_LENGTH = 256 * 1024 * 1024
/** Rules that one packet may meet, over all hooks and chains. A chain that jumps twice to the next doubles the way with each step. */
export const MAX_STEPS = 2_000_000
/** Chains within chains: the kernel refuses more than 16 in nf_tables, and a loop in both. */
export const MAX_DEPTH = 64
/** Steps that are kept to be shown; the walk itself goes on. */
export const MAX_TRACE = 10_000
/** Rules of which it is not known whether they match: each is tried both ways, so that so many end in at most 2^N ways. */
export const MAX_UNKNOWN_RULES = 5
/** Elements of one nft set, after which the set counts as unknown. */
export const MAX_SET_ELEMENTS = 100_000
