// `npm run image [-- FILE] [-- --built]`: the container image as a docker archive (default: mtlscope-image.tar), for `docker load`, `ctr images import`, `skopeo copy`.
// --built takes dist/ as it is. For the processor of this machine; the Dockerfile builds the others.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildMtlscopeImage, compressedBytes } from './image/build-image.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { built: { type: 'boolean', default: false } } })
const archive = resolve(positionals[0] ?? 'mtlscope-image.tar')
if (!values.built) await import('./build.ts')
try {
  await buildMtlscopeImage(archive)
  const compressed = await compressedBytes(archive)
  console.log(`${archive}: ${megabytes(statSync(archive).size)} MB, ${megabytes(compressed)} MB compressed`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
