// `npm run fixtures [-- NAME…]`: makes the captures of test/fixtures/captures anew from real peers, with what tshark says of each.
// Needs root, and the programs that `npm run setup -- --fixtures` installs.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scene } from '../test/fixtures/scene.ts'
import { SCENES } from '../test/fixtures/scenes.ts'
import { Stage } from '../test/fixtures/stage.ts'
import { goldenOf } from '../test/peers/golden.ts'
import { ROOT } from './checkout.ts'

const FOLDER = join(ROOT, 'test/fixtures/captures')
const MAX_CAPTURE_BYTES = 100_000

async function make(scene: Scene): Promise<string> {
  const stage = new Stage(scene.name.replace(/^[^-]*-/, '').slice(0, 12))
  try {
    const act = await scene.set(stage)
    const captured = await stage.record(stage.server, scene.device ?? 'veth0', act, ...scene.filter ?? ['tcp'])
    const path = join(FOLDER, `${scene.name}.${scene.pcapng || scene.injected ? 'pcapng' : 'pcap'}`)
    const keyLog = scene.keyLog === undefined ? undefined : join(stage.folder, scene.keyLog)
    if (keyLog !== undefined && scene.injected) {
      execFileSync('editcap', ['-F', 'pcapng', '--inject-secrets', `tls,${keyLog}`, captured, path])
      return path
    }
    if (keyLog !== undefined) copyFileSync(keyLog, join(FOLDER, `${scene.name}.keylog`))
    if (scene.pcapng) execFileSync('editcap', ['-F', 'pcapng', captured, path])
    else copyFileSync(captured, path)
    return path
  } finally {
    await stage.close()
  }
}

mkdirSync(FOLDER, { recursive: true })
const wanted = process.argv.slice(2)
for (const scene of SCENES) {
  if (wanted.length > 0 && !wanted.some((word) => scene.name.includes(word))) continue
  const path = await make(scene)
  const { size } = statSync(path)
  if (size > MAX_CAPTURE_BYTES) throw new Error(`${path} is too large: ${size} bytes`)
  console.log(`${scene.name}: ${size} bytes`)
  if (scene.kind === undefined) continue
  writeFileSync(join(FOLDER, `${scene.name}.golden.json`), JSON.stringify(goldenOf(scene.kind, path), undefined, 1) + '\n')
}
