import assert from 'node:assert/strict'
import test from 'node:test'
import { productionPackages } from '../../scripts/image/production-packages.ts'
import { parseLdd } from '../../scripts/image/shared-libraries.ts'

test('what ldd says: libraries and the loader, and no library of the kernel', () => {
  assert.deepEqual(parseLdd('\tlinux-vdso.so.1 (0x00007f79)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f79)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f79)\n'), ['/lib/x86_64-linux-gnu/libm.so.6', '/lib64/ld-linux-x86-64.so.2'])
  assert.deepEqual(parseLdd('\tstatically linked\n'), [])
  assert.throws(() => parseLdd('\tlibx.so.1 => not found\n'), /libx\.so\.1 is not installed/)
})

test('packages for production and for the processor only', () => {
  const lock = JSON.stringify({ packages: {
    '': {}, 'node_modules/a': {}, 'node_modules/b': { dev: true }, 'node_modules/c': { devOptional: true },
    'node_modules/@k/linux-x64': { os: ['linux'], cpu: ['x64'] }, 'node_modules/@k/linux-arm64': { os: ['linux'], cpu: ['arm64'] }, 'node_modules/@k/darwin-x64': { os: ['darwin'], cpu: ['x64'] },
    'node_modules/@k/musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  } })
  assert.deepEqual(productionPackages('x64', lock), ['node_modules/a', 'node_modules/@k/linux-x64'])
  assert.deepEqual(productionPackages('arm64', lock), ['node_modules/a', 'node_modules/@k/linux-arm64'])
})

test('the lock file of this checkout has what the program imports', () => {
  const packages = productionPackages(process.arch)
  for (const name of ['koffi', 'yaml', 'commander']) assert.ok(packages.includes(`node_modules/${name}`), name)
  assert.ok(!packages.includes('node_modules/typescript'))
})
