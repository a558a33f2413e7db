import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { buildImage } from '../cluster/images.ts'
import { foreignParts } from './foreign-parts.ts'
import { IMAGE_USER, layOutRoot } from './root-folder.ts'
import { ownParts } from './root-parts.ts'

export const IMAGE_NAME = 'docker.io/local/mtlscope:1'

/** As container images name processors (GOARCH). */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Builds the container image of this checkout's dist/ as a docker archive; `cpu`: as Node names it. */
export async function buildMtlscopeImage(archive: string, cpu: string = process.arch, say: (text: string) => void = () => {}): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-image-'))
  try {
    const root = join(folder, 'root')
    await layOutRoot(root, cpu === process.arch ? await ownParts() : await foreignParts(cpu, say))
    await buildImage(archive, IMAGE_NAME, [[root, '/']], [
      '--arch', ARCHITECTURES[cpu]!, '--user', `${IMAGE_USER}:${IMAGE_USER}`, '--entrypoint', '["/usr/bin/node","/opt/mtlscope/dist/cli/main.js"]', '--cmd', '--help', '--workingdir', '/tmp',
      '--env', 'PATH=/usr/bin', '--env', 'NODE_ENV=production', '--label', 'org.opencontainers.image.title=mtlscope', '--label', 'org.opencontainers.image.licenses=Apache-2.0',
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What has to be moved to a node: the archive, as registries keep it. */
export async function compressedBytes(archive: string): Promise<number> {
  const gzip = createGzip()
  let bytes = 0
  gzip.on('data', (part: Buffer) => { bytes += part.length })
  await pipeline(createReadStream(archive), gzip)
  return bytes
}
