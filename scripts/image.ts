// `npm run image [-- FILE] [-- --built] [-- --cpu arm64]`: the container image as a docker archive (default: mtlscope-image.tar), for `docker load`, `ctr images import`, `skopeo copy`.
// --built takes dist/ as it is. --cpu x64|arm64: for another processor than this machine's, out of packages of npm and Debian.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildMtlscopeImage, compressedBytes } from './image/build-image.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { built: { type: 'boolean', default: false }, cpu: { type: 'string', default: process.arch } } })
if (!['x64', 'arm64'].includes(values.cpu)) throw new Error(`no image for ${values.cpu}: x64, arm64`)
const archive = resolve(positionals[0] ?? 'mtlscope-image.tar')
if (!values.built) await import('./build.ts')
try {
  await buildMtlscopeImage(archive, values.cpu, (text) => console.log(text))
  const compressed = await compressedBytes(archive)
  console.log(`${archive}: ${megabytes(statSync(archive).size)} MB, ${megabytes(compressed)} MB compressed`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
