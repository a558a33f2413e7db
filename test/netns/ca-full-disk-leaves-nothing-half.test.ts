import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const permitted = ensureNetns()

/** Runs a script in a mount namespace of its own, with a file system of 64 KiB as its current folder. */
function onSmallDisk(script: string): string {
  const place = mkdtempSync(join(tmpdir(), 'mtlscope-disk-'))
  try {
    const setUp = `mount -t tmpfs -o size=64k,mode=700 tmpfs "${place}" && cd "${place}" && ca() { "${process.execPath}" "${MAIN}" ca "$@"; }\n`
    const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', setUp + script], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    return stdout
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

test('a full disk is told, leaves no half of a CA, and when there is room again it goes on', (t) => {
  if (!need(t, 'netns', permitted, 'the right to mount in a namespace')) return
  const said = onSmallDisk(`
    head -c 60000 /dev/zero > ballast
    ca init 2>&1 | grep -E 'error|hint'; ls ca | grep -cE 'tmp$|json$'
    rm ballast; ca init > /dev/null 2>&1 && ca show | grep -c active`)
  assert.match(said, /^mtlscope: error: cannot write ca\/\S+: ENOSPC\nmtlscope: hint: the disk is full\n0\n1\n$/)
})

test('on a full disk no identity and no token is left half-written', (t) => {
  if (!need(t, 'netns', permitted, 'the right to mount in a namespace')) return
  const said = onSmallDisk(`
    ca init > /dev/null 2>&1; head -c 100000 /dev/zero > ballast 2> /dev/null
    ca issue --spiffe spiffe://cluster.local/cart --out out 2>&1 | grep -E 'error|hint'
    ca token add --spiffe spiffe://cluster.local/cart 2>&1 | grep -E 'error|mtlsca'
    find out ca -name '*.tmp' -o -name 'tokens.json' -o -path 'out/*' | wc -l; rm ballast
    ca issue --spiffe spiffe://cluster.local/cart --out out 2> /dev/null`)
  assert.match(said, /^mtlscope: error: cannot write \S+: ENOSPC\nmtlscope: hint: the disk is full\nmtlscope: error: cannot (?:write|open) ca\/tokens\.json(?:\.lock)?: ENOSPC\n0\n/)
  assert.match(said, /\nout\/key\.pem\nout\/certChain\.pem\nout\/mesh-ca\.pem\n$/)
})

test('a folder that is read-only is told', (t) => {
  if (!need(t, 'netns', permitted, 'the right to mount in a namespace')) return
  const said = onSmallDisk(`
    ca init > /dev/null 2>&1; mount -o remount,ro "$PWD"
    ca rotate-root 2>&1; ca init --dir other 2>&1; ca show | grep -c active; mount -o remount,rw "$PWD"`)
  assert.match(said, /^mtlscope: error: cannot open ca\/lock: EROFS\n(?:mtlscope: hint: .*\n)?mtlscope: error: cannot write other: EROFS\nmtlscope: hint: the file system is read-only\n1\n$/)
})
