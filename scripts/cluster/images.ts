import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from '../run-program.ts'
import { CONTAINERD_SOCKET, PAUSE_IMAGE } from './configs.ts'
import { cacheFolder } from './place.ts'

/** Reaps what it inherits and ends at once when it is told to, as the first process of a pod must. */
const PAUSE = ['/bin/busybox', 'sh', '-c', 'trap "exit 0" TERM INT; while :; do busybox sleep 86400 & wait $!; done']
const BUSYBOX = '/bin/busybox'
const IMPORT_TRIES = 20

export function busyboxArchive(): string {
  return join(cacheFolder(), 'images', 'busybox-1.tar')
}

/** The one image that a node needs for its own, and that tests have as a small app: busybox, statically linked. */
export async function buildBusyboxImage(): Promise<void> {
  const archive = busyboxArchive()
  if (existsSync(archive)) return
  await buildImage(archive, PAUSE_IMAGE, [[BUSYBOX, '/bin/busybox']], ['--cmd', JSON.stringify(PAUSE), '--env', 'PATH=/bin'])
}

/**
 * Makes an image of nothing but these files and folders (source, place), as a docker archive. `config`: further arguments of
 * `buildah config`. Throws with what buildah said.
 */
export async function buildImage(archive: string, name: string, files: readonly (readonly [string, string])[], config: readonly string[]): Promise<void> {
  mkdirSync(join(archive, '..'), { recursive: true })
  const store = `${archive}.store.${process.pid}`
  const buildah = async (...args: string[]): Promise<string> => {
    // vfs needs neither mounts nor a kernel's help, and the store is gone afterwards.
    const { code, output } = await runProgram('buildah', ['--root', store, '--runroot', `${store}-run`, '--storage-driver', 'vfs', ...args])
    if (code !== 0) throw new Error(`buildah ${args.join(' ')}: ${output.trim()}`)
    return output.trim().split('\n').at(-1)!
  }
  try {
    const container = await buildah('from', 'scratch')
    for (const [source, target] of files) await buildah('copy', '--quiet', container, source, target)
    await buildah('config', ...config, container)
    rmSync(`${archive}.new`, { force: true })
    await buildah('commit', '--quiet', container, `docker-archive:${archive}.new:${name.replace(/^docker\.io\//, '')}`)
    renameSync(`${archive}.new`, archive)
  } finally {
    rmSync(store, { recursive: true, force: true })
    rmSync(`${store}-run`, { recursive: true, force: true })
  }
}

/** Puts an archive into the containerd of the namespace that this runs in. */
export async function importImage(archive: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { code, output } = await runProgram('ctr', ['--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io', 'images', 'import', archive])
    if (code === 0) return
    // Its socket is there before it serves.
    if (attempt === IMPORT_TRIES) throw new Error(`cannot import ${archive}: ${output.trim()}`)
    await sleep(500)
  }
}

export async function importImages(): Promise<void> {
  await importImage(busyboxArchive())
}
