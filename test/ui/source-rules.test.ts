import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { ROOT, needViewer } from './viewer.ts'

const sources = globSync('ui/src/**/*.{ts,tsx}', { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'))

test('the viewer imports nothing of the program but its model', () => {
  assert.ok(sources.length > 50)
  for (const path of sources) {
    for (const [, target] of readFileSync(ROOT + path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const file = relative(ROOT, resolve(ROOT, dirname(path), target!))
      assert.ok(file.startsWith('ui/src/') || file.startsWith('src/model/'), `${path} imports ${file}`)
    }
  }
})

test('model imports no service, services import no component, components import no view', () => {
  const order = ['model', 'services', 'components', 'views']
  for (const path of sources) {
    const place = order.indexOf(path.split('/')[2]!)
    if (place < 0) continue
    for (const [, target] of readFileSync(ROOT + path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const file = relative(`${ROOT}ui/src`, resolve(ROOT, dirname(path), target!))
      assert.ok(order.indexOf(file.split('/')[0]!) <= place, `${path} imports ${file}`)
    }
  }
})

test('captured text never becomes markup or program', () => {
  for (const path of sources) {
    assert.doesNotMatch(readFileSync(ROOT + path, 'utf8'), /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcDoc/, path)
  }
})

test('the whole viewer is under 350 KB compressed, and so is what is downloaded before the first picture', (t) => {
  if (!needViewer(t)) return
  const built = globSync('dist/ui/{index.html,assets/*.{js,css}}', { cwd: ROOT })
  const bytes = built.reduce((sum, path) => sum + gzipSync(readFileSync(ROOT + path)).length, 0)
  assert.ok(built.length >= 3)
  assert.ok(bytes < 350 * 1024, `${bytes} bytes`)
})
