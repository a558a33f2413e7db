import type { FlightFacts, HandshakeFacts } from './handshake-facts.ts'
import type { Verdict } from './verdict.ts'

/**
 * Beyond its Finished a client without a certificate sends at most an empty Certificate message (30 bytes); the smallest certificate with
 * its signature needs more than this.
 */
const MIN_CERTIFICATE_BYTES = 250

/** What one connection is, and why. */
export interface Judgement {
  readonly verdict: Verdict
  /** One sentence. */
  readonly because: string
  /** What would make it proof. */
  readonly forProof?: string
  /** Whatever the verdict, what followed was encrypted. */
  readonly encrypted: boolean
  /** Concluded from the sizes of encrypted records. */
  readonly fromSizes?: true
  readonly isDoubtful?: true
  /** It resumes a session, and this is only what was said before the session was looked for. */
  readonly resumes?: true
  /** TLS whose handshake was not seen. */
  readonly joinedLate?: true
  /** Not that, and older than the watch all the same. */
  readonly isOlder?: true
}

const FOR_PROOF = 'a key log of either side (--keylog) or an active probe of the server (--probe)'
const FROM_START = 'capture from before the connection begins'
/** Of a connection that is older than the watch. */
export const SEE_IT_BEGIN = 'see the connection begin: watch until it is opened anew, or restart one of its ends'

/** What a handshake that came to its end says. Undefined where it failed: then there was no connection. */
export function judgeHandshake(facts: HandshakeFacts): Judgement | undefined {
  if (!facts.seen) return facts.lostBytes > 0 ? unknown('the handshake was not captured: bytes were lost', FROM_START) : { ...unknown('joined late: the handshake was not captured', SEE_IT_BEGIN), joinedLate: true }
  if (facts.failure !== undefined || facts.closedBy !== undefined) return undefined
  if (!facts.complete || facts.suite === undefined) return unknown(`the handshake was not seen whole: ${facts.notes[0] ?? 'parts are missing'}`, FROM_START)
  if (doesNotEncrypt(facts.suite)) return { verdict: 'plaintext', because: `the suite ${facts.suite} does not encrypt`, encrypted: false }
  if (isAnonymous(facts.suite)) return { verdict: 'tls', because: `the suite ${facts.suite} authenticates nobody`, encrypted: true }
  if (facts.resumed === true) return { ...resumed(facts), encrypted: true, resumes: true }
  return { ...judgeFull(facts), encrypted: true }
}

export function doesNotEncrypt(suite: string): boolean {
  return /_NULL_|_NULL$|SHA256_SHA256$|SHA384_SHA384$/.test(suite)
}

export function isAnonymous(suite: string): boolean {
  return /_anon_/i.test(suite)
}

type Said = Omit<Judgement, 'encrypted' | 'resumes' | 'isDoubtful' | 'joinedLate' | 'isOlder'>

function unknown(because: string, forProof: string): Judgement {
  return { verdict: 'unknown', because, forProof, encrypted: false }
}

function resumed({ tls13 }: HandshakeFacts): Said {
  return {
    verdict: 'unknown',
    because: `it resumes a session${tls13 ? ' (PSK)' : ''}: who the client is was settled in a handshake that is not in this capture`,
    forProof: 'capture the first handshake of the session too',
  }
}

function judgeFull(facts: HandshakeFacts): Said {
  if (facts.client !== undefined && facts.client.length === 0) return { verdict: 'tls', because: 'the server asked for a certificate and the client has none' }
  if (facts.client !== undefined) return judgeShown(facts)
  if (facts.certificateRequested === false) return { verdict: 'tls', because: 'the server did not ask the client for a certificate' }
  return facts.tls13 && !facts.decrypted ? judgeFlight(facts) : { verdict: 'unknown', because: 'the client\'s certificate was asked for and not seen', forProof: FROM_START }
}

/** The client's certificate was readable: TLS 1.2 and before, or decrypted. */
function judgeShown(facts: HandshakeFacts): Said {
  if (!facts.certificateVerify) return { verdict: 'unknown', because: 'the client showed a certificate, and no proof that it is its own was seen', forProof: FROM_START }
  // A renegotiation within a connection that is read: its records authenticated, as under TLS 1.3.
  if (facts.tls13 || (facts.decrypted && facts.renegotiation)) return judgeDecrypted(facts)
  if (facts.clientSignature === 'bad') return { verdict: 'unknown', because: 'the client\'s signature does not fit its certificate and what was captured', forProof: FROM_START }
  if (facts.serverSignature === 'bad') return { verdict: 'unknown', because: 'the server\'s signature does not fit its certificate and what was captured', forProof: FROM_START }
  if ((facts.server?.length ?? 0) === 0 || facts.certificateRequested !== true) return { verdict: 'unknown', because: 'the server\'s certificate and its question for the client\'s were not both seen', forProof: FROM_START }
  if (facts.clientSignature !== 'good' || facts.serverSignature === 'unchecked') {
    return { verdict: 'mtls (inferred)', because: 'both sides showed certificates; a signature could not be checked', forProof: FOR_PROOF }
  }
  return { verdict: 'mtls', because: 'both sides showed certificates, and the client\'s signature over the handshake was checked' }
}

function judgeDecrypted(facts: HandshakeFacts): Said {
  if ((facts.server?.length ?? 0) === 0) return { verdict: 'unknown', because: 'the server\'s certificate was not seen', forProof: FROM_START }
  return { verdict: 'mtls', because: 'decrypted: both sides showed certificates and signed for them' }
}

/** TLS 1.3 without secrets: sizes and order of records are all there is. */
function judgeFlight({ clientFlight: flight, serverFlight, finishedBytes, earlyData }: HandshakeFacts): Said {
  if (flight === undefined || finishedBytes === undefined || flight.end === 'turn') return { verdict: 'unknown', because: 'the client\'s encrypted flight cannot be told from what follows', forProof: FOR_PROOF }
  if (earlyData) return { verdict: 'unknown', because: 'the client sent early data, so that its flight cannot be told from it', forProof: FOR_PROOF }
  return { ...judgeSizes(flight, serverFlight, finishedBytes), fromSizes: true }
}

function judgeSizes(flight: FlightFacts, serverFlight: FlightFacts | undefined, finishedBytes: number): Said {
  const more = flight.bytes - finishedBytes
  if (more < MIN_CERTIFICATE_BYTES) {
    return { verdict: 'tls', because: more > 0 ? 'the client\'s encrypted flight has room for an empty certificate message and no more' : 'the client\'s encrypted flight is a Finished and nothing else' }
  }
  if (arePadded(flight.sizes, finishedBytes)) return { verdict: 'unknown', because: 'the client pads its records, so that their sizes say nothing', forProof: FOR_PROOF }
  if (serverFlight === undefined || serverFlight.bytes < MIN_CERTIFICATE_BYTES) return { verdict: 'unknown', because: 'the server\'s encrypted flight has no room for a certificate', forProof: FOR_PROOF }
  return { verdict: 'mtls (inferred)', because: `the client's encrypted flight is ${more} bytes longer than its Finished, as it is with a certificate`, forProof: FOR_PROOF }
}

/** Header and tag, of most suites. */
const RECORD_OVERHEAD = 5 + 16
/** A Finished that is padded to less cannot be taken for a certificate. */
const PADDING_BLOCK = 256

/** RFC 8446 §5.4: stacks that pad fill up to a multiple of a block. One certificate in 256 is of such a size by chance. */
function arePadded(sizes: readonly number[], finishedBytes: number): boolean {
  return !sizes.includes(finishedBytes) && sizes.every((size) => (size - RECORD_OVERHEAD) % PADDING_BLOCK === 0)
}
