import { LF, latin1 } from '../http/bytes.ts'
import type { Probe } from '../protocol.ts'
import { isOwnAnswer } from './answers.ts'
import { BINARY_REQUEST, BINARY_RESPONSE, probeBinary } from './binary.ts'
import { MAX_PROBE_BYTES } from './limits.ts'

const KEY = '[^\\x00-\\x20\\x7f]{1,250}'
const NUMBER = '\\d{1,10}'
const FLAG = '(?:[bcfhkqlstvIx]|O\\S{1,32}|[CDEFJNRST]\\d{1,20}|M[A-Za-z])'
/** Commands that no other protocol has in this form. */
const OWN = new RegExp(`^(?:(?:set|add|replace|append|prepend) ${KEY} ${NUMBER} -?${NUMBER} ${NUMBER}(?: noreply)?|cas ${KEY} ${NUMBER} -?${NUMBER} ${NUMBER} \\d{1,20}(?: noreply)?`
  + `|gets(?: ${KEY})+|gats? -?${NUMBER}(?: ${KEY})+|delete ${KEY}(?: 0)?(?: noreply)?|(?:incr|decr) ${KEY} \\d{1,20}(?: noreply)?|touch ${KEY} -?${NUMBER} noreply|flush_all(?: -?${NUMBER})?(?: noreply)?`
  + `|m[gda] ${KEY}(?: ${FLAG})+|ms ${KEY} ${NUMBER}(?: ${FLAG})*|verbosity \\d(?: noreply)?|lru_crawler [a-z]+.*|cache_memlimit \\d+(?: noreply)?)$`)
/** Redis, beanstalkd and others know them, too; the answer tells. */
const SHARED = new RegExp(`^(?:get(?: ${KEY})+|touch ${KEY} -?${NUMBER}|m[gdae] ${KEY}|stats(?: [a-z]+)*|version|mn|quit|watch(?: [a-z]+)*|slabs [a-z]+.*|lru [a-z]+.*)$`)
const NAMES = ['set', 'add', 'replace', 'append', 'prepend', 'cas', 'get', 'gets', 'gat', 'gats', 'delete', 'incr', 'decr', 'touch', 'flush_all', 'mg', 'ms', 'md', 'ma', 'mn', 'me',
  'verbosity', 'lru_crawler', 'cache_memlimit', 'stats', 'version', 'quit', 'watch', 'slabs', 'lru']
/** What may answer a command that others know, too. */
const FIRST_ANSWER = /^(?:VALUE \S+ \d+ \d+(?: \d+)?|END|ERROR|TOUCHED|NOT_FOUND|STAT \S+ .*|VERSION \S+|ME \S+ .*|(?:HD|EN|NF|MN)(?: \S+)*|(?:CLIENT|SERVER)_ERROR .*)\r$/

/** A command that is certain in the middle of anything. */
export function isCertainCommand(text: string): boolean {
  return OWN.test(text) || SHARED.test(text)
}

/** A first line that only this protocol has, or one that others have as well and an answer that is this protocol's. */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length === 0) return server.length === 0 ? 'more' : probeAnswer(server)
  if (client[0] === BINARY_REQUEST) return probeBinary(client)
  const end = client.subarray(0, MAX_PROBE_BYTES).indexOf(LF)
  if (end < 0) return probePart(latin1(client, 0, Math.min(client.length, MAX_PROBE_BYTES)))
  const line = latin1(client, 0, end)
  if (!line.endsWith('\r')) return 'no'
  if (OWN.test(line.slice(0, -1))) return 'yes'
  if (!SHARED.test(line.slice(0, -1)) || / HTTP\/\d\.\d\r$/.test(line)) return 'no'
  return server.length === 0 ? 'more' : probeFirstAnswer(server)
}

/** A line that has not ended yet. */
function probePart(text: string): Probe {
  const space = text.indexOf(' ')
  const name = text.slice(0, space < 0 ? text.length : space)
  if (/[\x00-\x0c\x0e-\x1f\x7f]/.test(text) || / HTTP\//.test(text)) return 'no'
  if (space < 0) return NAMES.some((known) => known.startsWith(name.replace(/\r$/, ''))) ? 'more' : 'no'
  if (!NAMES.includes(name)) return 'no'
  if (text.length < MAX_PROBE_BYTES) return 'more'
  // A get of many keys is longer than what is looked at.
  return name === 'gets' ? 'yes' : 'no'
}

function probeFirstAnswer(server: Uint8Array): Probe {
  const end = server.subarray(0, MAX_PROBE_BYTES).indexOf(LF)
  if (end >= 0) return FIRST_ANSWER.test(latin1(server, 0, end)) ? 'yes' : 'no'
  return server.length < MAX_PROBE_BYTES && /^[A-Z]/.test(latin1(server, 0, 1)) ? 'more' : 'no'
}

/** Answers alone: of a connection whose start was missed. */
function probeAnswer(server: Uint8Array): Probe {
  if (server[0] === BINARY_RESPONSE) return probeBinary(server)
  const end = server.subarray(0, MAX_PROBE_BYTES).indexOf(LF)
  if (end < 0) return server.length < MAX_PROBE_BYTES && /^(?:VALUE|STORED|NOT_STORED|DELETED|TOUCHED|VERSION|STAT|VA|CLIENT_ERROR|SERVER_ERROR)\b/.test(latin1(server, 0, Math.min(server.length, 16))) ? 'more' : 'no'
  const line = latin1(server, 0, end)
  return line.endsWith('\r') && isOwnAnswer(line.slice(0, -1)) ? 'yes' : 'no'
}
