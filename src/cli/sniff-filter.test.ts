import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFilterWords } from './sniff-filter.ts'

const lists = (text: string): unknown[] => {
  const { port, notPort, host } = parseFilterWords([text])
  return [port, notPort, host]
}

test('ports, hosts and excluded ports in the words of tcpdump', () => {
  assert.deepEqual(lists(''), [[], [], []])
  assert.deepEqual(lists('port 8080'), [['8080'], [], []])
  assert.deepEqual(lists('port 80 or port 443 and host 10.0.0.7'), [['80', '443'], [], ['10.0.0.7']])
  assert.deepEqual(lists('host 10.0.0.7 and port 80 or 443'), [['80', '443'], [], ['10.0.0.7']])
  assert.deepEqual(lists('net 10.1.0.0/16 or host fd99::1 && not port 22 and ! port 53'), [[], ['22', '53'], ['10.1.0.0/16', 'fd99::1']])
  assert.deepEqual(lists('host fd99::1 or fd99::2 and portrange 8000-8010'), [['8000-8010'], [], ['fd99::1', 'fd99::2']])
  assert.deepEqual(parseFilterWords(['port', '80', 'or', '81']).port, ['80', '81'])
})

test('what would mean something else is refused', () => {
  for (const text of [
    'port 80 and port 443', 'port 80 or host 10.0.0.7', 'host 10.0.0.7 and port 80 or port 443', 'not port 22 or 80', 'not port 22 or not port 80',
    'not host 10.0.0.7', 'tcp', 'tcp port 80', 'src host 10.0.0.7', '(port 80)', 'port', 'port 80 and', 'port 80 443', 'and', 'not', 'constructor',
    'port 80 and host 10.0.0.7 and port 81',
  ]) assert.throws(() => parseFilterWords([text]), { code: 'bad-filter' }, text)
})
