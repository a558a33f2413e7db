import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import type { Pki } from '../fixtures/pki.ts'
import { CLIENT_IP, SERVER_IP } from '../fixtures/stage.ts'
import type { Stage } from '../fixtures/stage.ts'
import type { CheckServer } from './check-servers.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A TLS library as clients have it. One call is one connection; that it fails may be the point. */
export interface CheckClient {
  readonly name: string
  /** With a certificate, or (false) without. */
  readonly kinds: readonly boolean[]
  readonly versions: readonly ('1.2' | '1.3')[]
  call(server: CheckServer, has: boolean, version: '1.2' | '1.3'): void
}

/** Those whose programs are here, made ready. `missing` names the others. */
export async function startCheckClients(stage: Stage, pki: Pki, servers: readonly CheckServer[]): Promise<{ clients: CheckClient[], missing: string[] }> {
  const clients = [curlClient(stage, pki), await sidecarClient(stage, pki, servers)]
  const missing: string[] = []
  for (const [program, make] of [['go', goClient], ['java', javaClient], ['envoy', envoyClient]] as const) {
    const client = await make(stage, pki, servers)
    if (client === undefined) missing.push(program)
    else clients.push(client)
  }
  return { clients, missing }
}

function curlClient(stage: Stage, pki: Pki): CheckClient {
  return {
    name: 'curl', kinds: [true, false], versions: ['1.2', '1.3'],
    call: ({ port }, has, version) => {
      const identity = has ? ['--cert', pki.client.cert, '--key', pki.client.key] : []
      stage.client.runFailing('curl', '-sk', '-o', '/dev/null', '--max-time', '15', `--tlsv${version}`, '--tls-max', version, ...identity, `https://${SERVER_IP}:${port}/`)
    },
  }
}

/** Ours: it never goes without a certificate, nor to a server that does not ask for one. */
async function sidecarClient(stage: Stage, pki: Pki, servers: readonly CheckServer[]): Promise<CheckClient> {
  const folder = join(stage.folder, 'client-identity')
  mkdirSync(folder)
  for (const [name, path] of [['key.pem', pki.client.key], ['certChain.pem', pki.client.cert], ['mesh-ca.pem', pki.root.cert]] as const) {
    writeFileSync(join(folder, name), stage.client.run('cat', path), { mode: 0o600 })
  }
  const map = servers.map(({ port }) => `{ listen: "127.0.0.1:${port}", to: "${SERVER_IP}:${port}", expect: "spiffe://shop.example/*", alpn: "http/1.1" }`)
  const config = stage.file('client-sidecar.yaml', `workload: web\nadmin: "127.0.0.1:7209"\nidentity: { dir: client-identity }\noutbound: { map: [${map.join(', ')}] }\n`)
  await stage.serve(stage.client, servers[0]!.port, process.execPath, MAIN, 'sidecar', '--config', config)
  return {
    name: 'sidecar', kinds: [true], versions: ['1.3'],
    call: ({ port }) => { stage.client.runFailing('curl', '-s', '-o', '/dev/null', '--max-time', '15', `http://127.0.0.1:${port}/`) },
  }
}

const GO = `package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
)

func main() {
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS13}
	if os.Args[2] == "1.2" {
		config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	}
	if len(os.Args) > 3 {
		pair, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
		if err != nil {
			panic(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	connection, err := tls.Dial("tcp", os.Args[1], config)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintf(connection, "GET / HTTP/1.1\\r\\nHost: shop.example\\r\\nConnection: close\\r\\n\\r\\n")
	io.Copy(io.Discard, connection)
	connection.Close()
}
`

async function goClient(stage: Stage, pki: Pki): Promise<CheckClient | undefined> {
  if (spawnSync('go', ['version']).status !== 0) return undefined
  const binary = join(stage.folder, 'go-client')
  const { status, stderr } = spawnSync('go', ['build', '-o', binary, stage.file('client.go', GO)], { encoding: 'utf8', env: { ...process.env, GO111MODULE: 'off', GOTOOLCHAIN: 'local' } })
  if (status !== 0) throw new Error(`go build: ${stderr}`)
  return {
    name: 'Go', kinds: [true, false], versions: ['1.2', '1.3'],
    call: ({ port }, has, version) => stage.client.runFailing(binary, `${SERVER_IP}:${port}`, version, ...has ? [pki.client.cert, pki.client.key] : []),
  }
}

const JAVA = `import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

public class Client {
  public static void main(String[] args) throws Exception {
    KeyManager[] keys = null;
    if (args.length > 3) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (FileInputStream in = new FileInputStream(args[3])) { store.load(in, "secret".toCharArray()); }
      KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
      factory.init(store, "secret".toCharArray());
      keys = factory.getKeyManagers();
    }
    TrustManager[] trust = { new X509TrustManager() {
      public void checkClientTrusted(X509Certificate[] c, String a) {}
      public void checkServerTrusted(X509Certificate[] c, String a) {}
      public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    } };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys, trust, null);
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(args[0], Integer.parseInt(args[1]))) {
      socket.setEnabledProtocols(new String[] { "TLSv" + args[2] });
      socket.setSoTimeout(15000);
      socket.getOutputStream().write("GET / HTTP/1.1\\r\\nHost: shop.example\\r\\nConnection: close\\r\\n\\r\\n".getBytes());
      socket.getInputStream().readAllBytes();
    } catch (Exception e) { System.out.println(e); }
  }
}
`

async function javaClient(stage: Stage, pki: Pki): Promise<CheckClient | undefined> {
  if (spawnSync('javac', ['-version']).status !== 0) return undefined
  const source = stage.file('Client.java', JAVA)
  const { status, stderr } = spawnSync('javac', ['-d', stage.folder, source], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`javac: ${stderr}`)
  const store = join(stage.folder, 'client.p12')
  stage.client.run('openssl', 'pkcs12', '-export', '-in', pki.client.cert, '-inkey', pki.client.key, '-out', store, '-passout', 'pass:secret')
  return {
    name: 'Java', kinds: [true, false], versions: ['1.2', '1.3'],
    call: ({ port }, has, version) => stage.client.runFailing('java', '-XX:TieredStopAtLevel=1', '-cp', stage.folder, 'Client', SERVER_IP, `${port}`, version, ...has ? [store] : []),
  }
}

type Json = string | number | boolean | Json[] | { [key: string]: Json }

const TYPES = 'type.googleapis.com/envoy.extensions.'

/** A listener for each server, with and without a certificate: BoringSSL as a client. */
async function envoyClient(stage: Stage, pki: Pki, servers: readonly CheckServer[]): Promise<CheckClient | undefined> {
  let envoy: string
  try {
    envoy = locateEnvoy()
  } catch {
    return undefined
  }
  const kinds = servers.flatMap((server, index) => ([true, false] as const).flatMap((has) => (['1.2', '1.3'] as const).map((version) => ({
    server, has, version, port: 7300 + 4 * index + (has ? 2 : 0) + (version === '1.3' ? 1 : 0),
  }))))
  const config = { static_resources: { listeners: kinds.map(({ port }) => envoyListener(port)), clusters: kinds.map((kind) => envoyCluster(kind.port, kind.server.port, kind.has ? pki : undefined, kind.version)) } }
  await stage.serve(stage.client, kinds.at(-1)!.port, envoy, '-c', stage.file('client-envoy.json', JSON.stringify(config)), '--concurrency', '1', '--disable-hot-restart', '-l', 'error')
  return {
    name: 'Envoy', kinds: [true, false], versions: ['1.2', '1.3'],
    call: (server, has, version) => {
      const { port } = kinds.find((kind) => kind.server === server && kind.has === has && kind.version === version)!
      stage.client.runFailing('curl', '-s', '-o', '/dev/null', '--max-time', '15', `http://${CLIENT_IP}:${port}/`)
    },
  }
}

function envoyListener(port: number): Json {
  const filter = { name: 'envoy.filters.network.tcp_proxy', typed_config: { '@type': `${TYPES}filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: 'x', cluster: `c${port}`, max_connect_attempts: 1 } }
  return { name: `l${port}`, address: { socket_address: { address: CLIENT_IP, port_value: port } }, filter_chains: [{ filters: [filter] }] }
}

function envoyCluster(port: number, to: number, pki: Pki | undefined, version: '1.2' | '1.3'): Json {
  const protocol = version === '1.2' ? 'TLSv1_2' : 'TLSv1_3'
  return {
    name: `c${port}`, type: 'STATIC', connect_timeout: '10s',
    load_assignment: { cluster_name: `c${port}`, endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: SERVER_IP, port_value: to } } } }] }] },
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': `${TYPES}transport_sockets.tls.v3.UpstreamTlsContext`, sni: 'shop.example', max_session_keys: 0,
        common_tls_context: {
          tls_params: { tls_minimum_protocol_version: protocol, tls_maximum_protocol_version: protocol },
          ...pki !== undefined && { tls_certificates: [{ certificate_chain: { filename: pki.client.cert }, private_key: { filename: pki.client.key } }] },
        },
      },
    },
  }
}
