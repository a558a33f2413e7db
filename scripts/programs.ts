import { findProgram, isExecutable } from '../src/sys/exec.ts'

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
  { program: 'chromium', debian: 'chromium', what: 'the browser of the viewer\'s tests' },
  { program: 'go', debian: 'golang-go', what: 'the verifier of Go, for the certificates of our CA' },
  { program: 'openssl', debian: 'openssl', what: 'a real TLS peer; certificates of the tests' },
]

/** What only `npm run fixtures` needs: the servers and clients whose traffic the captures hold. The tests read the captures. */
export const FIXTURE_PROGRAMS: readonly Program[] = [
  { program: 'nghttpd', debian: 'nghttp2-server', what: 'a real HTTP/2 server' },
  { program: 'nghttpx', debian: 'nghttp2-proxy', what: 'a server that knows the Upgrade to HTTP/2' },
  { program: 'nghttp', debian: 'nghttp2-client', what: 'real HTTP/2 clients: nghttp, h2load' },
  { program: 'named', debian: 'bind9', what: 'a DNS server with every type of record' },
  { program: 'dnssec-signzone', debian: 'bind9-utils', what: 'signs its zone' },
  { program: 'dig', debian: 'bind9-dnsutils', what: 'a DNS client' },
  { program: 'nsupdate', debian: 'bind9-dnsutils', what: 'changes a zone' },
  { program: 'dnsmasq', debian: 'dnsmasq-base', what: 'the DNS server of small networks' },
  { program: 'java', debian: 'openjdk-17-jdk-headless', what: 'a Kafka broker and its own client' },
  { program: 'mvn', debian: 'maven', what: 'fetches the Kafka broker from Maven Central' },
  { program: 'rabbitmqctl', debian: 'rabbitmq-server', what: 'a real AMQP broker' },
  { program: 'amqp-publish', debian: 'amqp-tools', what: 'an AMQP client in C' },
  { program: 'python3', debian: 'python3-pika', what: 'an AMQP client with confirms and transactions' },
  { program: 'kcat', debian: 'kcat', what: 'a Kafka client with older versions' },
  { program: 'pg_ctlcluster', debian: 'postgresql-15', what: 'a PostgreSQL server' },
  { program: 'psql', debian: 'postgresql-client-15', what: 'PostgreSQL clients: psql, pgbench' },
  { program: 'mariadbd', debian: 'mariadb-server', what: 'a server of the MySQL protocol' },
  { program: 'mariadb', debian: 'mariadb-client', what: 'its client' },
  { program: 'redis-cli', debian: 'redis-tools', what: 'the client of redis-server' },
]

/** What only `npm run cluster`, `npm run test:cluster` and `npm run image` need: a Kubernetes node and its images. */
export const CLUSTER_PROGRAMS: readonly Program[] = [
  { program: 'etcd', debian: 'etcd-server', what: 'the store of the API server' },
  { program: 'containerd', debian: 'containerd', what: 'runs the containers of pods' },
  { program: 'runc', debian: 'runc', what: 'starts them' },
  { program: '/usr/lib/cni/bridge', debian: 'containernetworking-plugins', what: 'the network of pods' },
  { program: 'conntrack', debian: 'conntrack', what: 'kube-proxy ends connections with it' },
  { program: 'go', debian: 'golang-go', what: 'builds Kubernetes, Helm and kubectl; an older one fetches the Go that it takes' },
  { program: 'buildah', debian: 'buildah', what: 'builds images' },
  { program: 'busybox', debian: 'busybox-static', what: 'the small app of the tests, and the first process of each pod' },
]

export function missingPrograms(programs: readonly Program[]): Program[] {
  return programs.filter(({ program }) => program.startsWith('/') ? !isExecutable(program) : findProgram(program) === undefined)
}

/** Each package once, in the order of the table. */
export function packagesOf(programs: readonly Program[]): string[] {
  return [...new Set(programs.map(({ debian }) => debian))]
}
