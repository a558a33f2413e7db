import { readFileSync } from 'node:fs'
import type { SidecarPlan } from '../../src/proxy/sidecar-plan.ts'
import { openRelay } from '../../src/proxy/relay/relay.ts'

/** A sidecar process with nothing but the relay: `relay-process.ts PLAN.json`, with the identity of the plan's files. */
const plan = JSON.parse(readFileSync(process.argv[2], 'utf8')) as SidecarPlan
if (plan.identity.kind !== 'files') throw new Error('the bench has its identity in files')
const read = (path: string): string => readFileSync(path, 'utf8')
const material = { keyPem: read(plan.identity.key), chainPem: read(plan.identity.chain), bundlePem: read(plan.identity.bundle) }
const relay = openRelay(plan, material, {
  connections: () => {},
  notice: () => {},
  failed: (error) => { throw error },
})
await relay.ready
process.stdout.write('ready\n')
process.once('SIGTERM', () => void relay.close())
process.on('SIGUSR2', () => process.stderr.write(`${JSON.stringify(relay.metrics())}\n`))
