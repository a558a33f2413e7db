import { findProgram } from '../src/sys/exec.ts'

export interface Program {
  readonly program: string
  /** Debian's package of it. */
  readonly debian: string
  readonly what: string
}

/** What the tests and benches need from the system beside Node's packages. The program itself needs only the first. */
export const PROGRAMS: readonly Program[] = [
  { program: 'ip', debian: 'iproute2', what: 'namespaces and veth pairs of the demo and of test/netns' },
  { program: 'unshare', debian: 'util-linux', what: 'namespaces without root' },
  { program: 'nsenter', debian: 'util-linux', what: 'peers inside namespaces' },
  { program: 'ss', debian: 'iproute2', what: 'what listens, as the kernel says it' },
  { program: 'setpriv', debian: 'util-linux', what: 'the tests as an ordinary user' },
  { program: 'tshark', debian: 'tshark', what: 'the reading that ours is compared with; the peer of the benches' },
  { program: 'capinfos', debian: 'wireshark-common', what: 'checks capture files that we write' },
  { program: 'editcap', debian: 'wireshark-common', what: 'makes capture files of other kinds' },
  { program: 'tcpdump', debian: 'tcpdump', what: 'live pipes; the peer of the live bench' },
  { program: 'iptables', debian: 'iptables', what: 'interception rules' },
  { program: 'nft', debian: 'nftables', what: 'interception rules' },
  { program: 'nginx', debian: 'nginx-light', what: 'a real HTTP server' },
  { program: 'haproxy', debian: 'haproxy', what: 'a real mTLS proxy' },
  { program: 'redis-server', debian: 'redis-server', what: 'a protocol that is not HTTP' },
  { program: 'wrk', debian: 'wrk', what: 'load' },
  { program: 'socat', debian: 'socat', what: 'odd endings of connections' },
  { program: 'curl', debian: 'curl', what: 'a real HTTP client' },
  { program: 'openssl', debian: 'openssl', what: 'a real TLS peer; certificates of the tests' },
]

/** What only `npm run fixtures` needs: the servers and clients whose traffic the captures hold. The tests read the captures. */
export const FIXTURE_PROGRAMS: readonly Program[] = [
]

export function missingPrograms(programs: readonly Program[]): Program[] {
  return programs.filter(({ program }) => findProgram(program) === undefined)
}

/** Each package once, in the order of the table. */
export function packagesOf(programs: readonly Program[]): string[] {
  return [...new Set(programs.map(({ debian }) => debian))]
}
