import assert from 'node:assert/strict'
import test from 'node:test'
import { isNewEnough } from '../../scripts/cluster/go.ts'
import { isNewKubectl } from '../../scripts/cluster/kubectl.ts'

test('which Go can build Kubernetes', () => {
  for (const [text, wanted] of [['go version go1.19.8 linux/amd64', false], ['go version go1.24.0 linux/arm64', true], ['go version go1.26rc1 linux/amd64', true], ['go version go2.0 linux/amd64', true], ['go: command not found', false]] as const) assert.equal(isNewEnough(text), wanted, text)
})

test('which kubectl speaks with the node', () => {
  for (const [text, wanted] of [['{"clientVersion": {"major": "1", "minor": "32+"}}', true], ['{"clientVersion": {"minor": "20"}}', false], ['error: unknown flag', false]] as const) assert.equal(isNewKubectl(text), wanted, text)
})
