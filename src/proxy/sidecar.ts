import { readFileSync } from 'node:fs'
import { openInbound, openOutbound } from './relay.ts'
import type { RelayIdentity } from './relay.ts'
import type { SidecarConfig } from './sidecar-config.ts'

/** Program of the embedded sidecar: `sidecar.ts CONFIG.json`. Says `ready` when every listener accepts; ends with the process. */
async function main(): Promise<void> {
  const file = process.argv[2]
  if (file === undefined) throw new Error('no configuration file was given')
  // The name by which a scan of the mesh recognises it: the executable is node.
  process.title = 'mtlscope-sidecar'
  const config = JSON.parse(readFileSync(file, 'utf8')) as SidecarConfig
  const identity: RelayIdentity = {
    certificate: readFileSync(config.certificateFile, 'utf8'),
    privateKey: readFileSync(config.privateKeyFile, 'utf8'),
    root: readFileSync(config.rootFile, 'utf8'),
  }
  await Promise.all([
    ...config.outbound.map((outbound) => openOutbound(outbound, identity)),
    ...config.inbound === undefined ? [] : [openInbound(config.inbound, identity)],
  ])
  process.stdout.write('ready\n')
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
