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
/** Characters of one text of JSON, of which the parser of the language makes objects before it is looked at. */
export const MAX_JSON_LENGTH = 64 * 1024 * 1024
/** Elements of one nft set, after which the set counts as unknown. */
export const MAX_SET_ELEMENTS = 100_000
/** Addresses whose meaning is kept while the rules of many namespaces are read; what is beyond is read each time. */
export const MAX_REMEMBERED = 50_000
/** Characters of texts that are kept with what they mean: one that comes again is not read again. */
export const MAX_REMEMBERED_TEXT = 8 * 1024 * 1024
/** Rules that inserts may push aside in one text: each `-I` moves all that come after it, and a million of them would move half a billion each. */
export const MAX_MOVED_RULES = 200_000_000
/** Rules that all packets of one search for holes may meet. */
export const MAX_SEARCH_STEPS = 100_000_000
