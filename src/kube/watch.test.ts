import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import test from 'node:test'
import { deferred, openKubeServer } from './kube-server.fixture.ts'

const named = (name: string, resourceVersion: string): object => ({ metadata: { name, resourceVersion } })
const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`
const nameOf = (object: unknown): string => (object as { metadata: { name: string } }).metadata.name

/** A server of one list whose watches are answered in turn; `seen` has what the handlers were told. */
function watched(steps: readonly ((response: ServerResponse) => void)[], lists: readonly object[]): { answer: (url: string, response: ServerResponse) => void, urls: string[] } {
  const urls: string[] = []
  let [step, list] = [0, 0]
  return { urls, answer: (url, response) => {
    urls.push(url)
    if (!url.includes('watch=1')) return void response.end(JSON.stringify(lists[Math.min(list++, lists.length - 1)]))
    const next = steps[step++]
    if (next === undefined) response.writeHead(200).flushHeaders()
    else next(response)
  } }
}

test('what there is, then what changes, from where it was seen last; events cut anywhere', async (t) => {
  const over = deferred<void>()
  const both = line('ADDED', named('b', '8')) + line('BOOKMARK', { metadata: { resourceVersion: '9' } })
  const { answer, urls } = watched([
    (response) => {
      response.write(both.slice(0, 20))
      setImmediate(() => response.end(both.slice(20)))
    },
    (response) => response.write(line('DELETED', named('a', '10'))),
  ], [{ metadata: { resourceVersion: '7' }, items: [named('a', '5')] }])
  const { client } = await openKubeServer(t, { answer: (request, response) => answer(request.url!, response) })
  const seen: string[] = []
  const abort = new AbortController()
  const watching = client.watch('/api/v1/pods?labelSelector=x', {
    list: (items) => seen.push(`list ${items.map(nameOf).join()}`),
    event: (type, object) => {
      seen.push(`${type} ${nameOf(object)}`)
      if (type === 'DELETED') over.resolve()
    },
  }, abort.signal)
  await over.promise
  abort.abort()
  await watching
  assert.deepEqual(seen, ['list a', 'ADDED b', 'DELETED a'])
  assert.deepEqual(urls.map((url) => /resourceVersion=(\d+)/.exec(url)?.[1]), [undefined, '7', '9'])
})

for (const [how, gone] of [
  ['as an event', (response: ServerResponse): void => void response.end(line('ERROR', { kind: 'Status', code: 410, message: 'too old' }))],
  ['as the status of the answer', (response: ServerResponse): void => void response.writeHead(410).end('{}')],
] as const) {
  test(`what is too long ago (410, ${how}) is listed anew, and that is no failure`, async (t) => {
    const { answer } = watched([gone], [{ metadata: { resourceVersion: '7' }, items: [] }, { metadata: { resourceVersion: '20' }, items: [named('c', '19')] }])
    const { client } = await openKubeServer(t, { answer: (request, response) => answer(request.url!, response) })
    const lists: number[] = []
    const again = deferred<void>()
    const abort = new AbortController()
    const watching = client.watch('/api/v1/pods', {
      list: (items) => {
        lists.push(items.length)
        if (lists.length === 2) again.resolve()
      },
      event: () => {}, failed: (error) => assert.fail(error),
    }, abort.signal)
    await again.promise
    abort.abort()
    await watching
    assert.deepEqual(lists, [0, 1])
  })
}

test('a row of failures is told once, and is over when the server answers', async (t) => {
  const { answer } = watched([(response) => response.writeHead(500).end(), (response) => response.writeHead(503).end()], [{ metadata: { resourceVersion: '7' }, items: [] }])
  const { client } = await openKubeServer(t, { answer: (request, response) => answer(request.url!, response) })
  const failures: string[] = []
  const following = deferred<void>()
  const abort = new AbortController()
  const watching = client.watch('/api/v1/pods', { list: () => {}, event: () => {}, failed: ({ message }) => failures.push(message), following: () => following.resolve() }, abort.signal)
  await following.promise
  abort.abort()
  await watching
  assert.deepEqual(failures, ['the API server answered 500'])
})

test('where even the first list fails there is no watch', async (t) => {
  const { client } = await openKubeServer(t, { answer: (_, response) => response.writeHead(403).end(JSON.stringify({ message: 'pods is forbidden' })) })
  const never = { list: () => assert.fail(), event: () => assert.fail() }
  await assert.rejects(client.watch('/api/v1/pods', never, new AbortController().signal), { code: 'kube-refused' })
})

test('what is no list or no event is told, and never thrown out of a watch', async (t) => {
  const { answer } = watched([(response) => response.end('<html>\n'), (response) => response.end('{"type":"ADDED"}\n')], [{ metadata: {}, items: [] }])
  const { client } = await openKubeServer(t, { answer: (request, response) => answer(request.url!, response) })
  const abort = new AbortController()
  const told = deferred<string>()
  const watching = client.watch('/api/v1/pods', { list: () => {}, event: () => assert.fail(), failed: ({ message }) => told.resolve(message) }, abort.signal)
  assert.equal(await told.promise, 'the API server sent what is no event of a watch')
  abort.abort()
  await watching
})

test('a long list comes in pages, of which only what is read is kept', async (t) => {
  const pages: Record<string, object> = { '': { metadata: { continue: 'second page/', resourceVersion: '7' }, items: [named('a', '5')] }, 'second page/': { metadata: { resourceVersion: '7' }, items: [named('b', '6')] } }
  const asked: string[] = []
  const { client } = await openKubeServer(t, { answer: (request, response) => {
    const query = new URL(request.url!, 'http://x').searchParams
    if (query.has('watch')) return void response.writeHead(200).write(line('ADDED', named('c', '8')))
    asked.push(`${query.get('limit')} ${query.get('labelSelector')}`)
    response.end(JSON.stringify(pages[query.get('continue') ?? '']))
  } })
  const seen: string[] = []
  const over = deferred<void>()
  const abort = new AbortController()
  const watching = client.watch<string>('/api/v1/pods?labelSelector=x', {
    read: nameOf,
    list: (names) => seen.push(names.join()),
    event: (type, name) => {
      seen.push(`${type} ${name}`)
      over.resolve()
    },
  }, abort.signal)
  await over.promise
  abort.abort()
  await watching
  assert.deepEqual(seen, ['a,b', 'ADDED c'])
  assert.deepEqual(asked, ['500 x', '500 x'])
})

test('a page that is not there any more (410) begins the list anew, and is a failure', async (t) => {
  let lists = 0
  const { client } = await openKubeServer(t, { answer: (request, response) => {
    if (request.url!.includes('watch=1')) return void (lists === 1 ? response.writeHead(410).end('{}') : response.writeHead(200).write(line('ADDED', named('c', '8'))))
    if (!request.url!.includes('continue=')) lists++
    // The second list, after the 410 of the watch, has a page that is lost.
    if (!request.url!.includes('continue=')) return void response.end(JSON.stringify({ metadata: { resourceVersion: '7', ...lists === 2 && { continue: 'more' } }, items: [named('a', '5')] }))
    response.writeHead(410).end('{}')
  } })
  const told: string[] = []
  const over = deferred<void>()
  const abort = new AbortController()
  const watching = client.watch('/api/v1/pods', { list: (items) => told.push(`list ${items.length}`), event: () => over.resolve(), failed: () => told.push('failed') }, abort.signal)
  await over.promise
  abort.abort()
  await watching
  assert.deepEqual(told, ['list 1', 'failed', 'list 1'])
})
