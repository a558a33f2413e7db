import { readFileSync } from 'node:fs'
import { sidecarConfigCheck } from '../../src/cli/sidecar-config-check.ts'
import { openInjectorServer } from '../../src/kube/injector/injector-server.ts'

/** The injector's server with nothing of a cluster: `server-process.ts FOLDER`, which has key.pem and certChain.pem. Prints its port, and after SIGUSR2 the CPU that it took, in µs. */
const folder = process.argv[2]
const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8')
const server = await openInjectorServer({
  host: '127.0.0.1', port: 0, notReady: () => undefined, decided: () => {},
  inject: { image: 'registry.test/mtlscope:1', pullPolicy: undefined, ca: { address: 'mtlscope-ca.mtlscope.svc:8443', audience: 'mtlscope-ca' }, mark: 'webhook', check: sidecarConfigCheck },
}, { key: read('key.pem'), cert: read('certChain.pem') })
process.stdout.write(`${server.port}\n`)
process.on('SIGUSR2', () => process.stdout.write(`${process.cpuUsage().user + process.cpuUsage().system}\n`))
process.once('SIGTERM', () => void server.close())
