import { test } from 'node:test'
import fc from '#property'
import { renderLine } from './segment.ts'

test('a line never exceeds its width, and colours do not count', () => {
  const segment = fc.record({ text: fc.stringMatching(/^[ -~]{0,20}$/), colour: fc.constantFrom('green', 'red', undefined) } as const)
  fc.assert(fc.property(fc.array(segment), fc.integer({ min: 1, max: 60 }), (segments, width) => {
    // eslint-disable-next-line no-control-regex
    const visible = renderLine(segments, true, width).replaceAll(/\x1b\[\d+m/g, '')
    const whole = segments.map((s) => s.text).join('')
    return visible.length <= width && (whole.length > width || visible === whole)
  }))
})
