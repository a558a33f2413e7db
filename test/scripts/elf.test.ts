import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import fc from '#property'
import { MACHINES, readElf } from '../../scripts/image/elf.ts'
import { parseLdd } from '../../scripts/image/shared-libraries.ts'
import { run } from '../../src/sys/exec.ts'

test('node of this machine: its processor, its loader, and the libraries that ldd names, too', async () => {
  const { machine, needed, interpreter } = readElf(process.execPath)!
  assert.equal(machine, MACHINES[process.arch])
  const { stdout } = await run('ldd', [process.execPath], { timeoutMs: 30_000 })
  const paths = parseLdd(stdout)
  assert.ok(needed.includes('libc.so.6') && paths.includes(interpreter!), interpreter)
  for (const name of needed) assert.ok(paths.some((path) => path.endsWith(`/${name}`)), name)
})

test('what is no ELF file, or a broken one, does not throw', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-elf-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'file')
  for (const bytes of ['', '#!/bin/sh\n', '\x7fELF']) {
    writeFileSync(file, bytes)
    assert.equal(readElf(file), undefined)
  }
  copyFileSync(process.execPath, file)
  const head = readFileSync(file).subarray(0, 4096)
  fc.assert(fc.property(fc.integer({ min: 64, max: 4096 }), fc.nat(4095), fc.nat(255), (length, at, value) => {
    const bytes = Buffer.from(head.subarray(0, length))
    if (at >= 6) bytes[at % length] = value
    writeFileSync(file, bytes)
    readElf(file)
  }), { numRuns: 200 })
})
