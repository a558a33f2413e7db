import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { DEFAULT_REDACTION } from '../protocols/redaction.ts'
import { EmbeddedStore } from '../store/embedded-store.ts'
import { linesOf } from '../store/record.fixture.ts'
import type { HubOptions } from './hub.ts'
import { Hub } from './hub.ts'
import { SCHEMAS } from './openapi-schemas.ts'
import type { ServerOptions } from './server.ts'
import { buildServer } from './server.ts'

export interface TestHub { readonly hub: Hub, readonly app: FastifyInstance, get(path: string): Promise<unknown>, add(records: readonly object[]): Promise<void> }

/** A hub on a store of its own, without a socket. */
export async function openTestHub(t: TestContext, own: { options?: Partial<HubOptions>, server?: Partial<ServerOptions> } = {}): Promise<TestHub> {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-hub-'))
  const store = new EmbeddedStore({ path: join(folder, 'messages.sqlite'), run: 'test', keep: {} })
  const hub = new Hub(store, { kind: 'file', title: 'test', redaction: DEFAULT_REDACTION, replay: true, ...own.options })
  const app = await buildServer(hub, { names: [], viewer: undefined, onBug: (error) => { throw error }, ...own.server })
  t.after(async () => {
    await app.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await store.ready()
  return {
    hub, app, add: (records) => store.add(linesOf(records)),
    get: async (path) => {
      const answer = await app.inject({ url: `/api/v1${path}`, headers: { host: '127.0.0.1:8899' } })
      return answer.json()
    },
  }
}

const ajv = new Ajv2020({ strict: false })
ajv.addSchema({ $id: 'api', components: { schemas: SCHEMAS } })
const validators = new Map<string, ValidateFunction>()

/** What is wrong with an answer; '' where it is what the document says. */
export function mismatch(schema: string, answer: unknown): string {
  let validate = validators.get(schema)
  if (validate === undefined) validators.set(schema, validate = ajv.compile({ $ref: `api#/components/schemas/${schema}` }))
  return validate(answer) ? '' : JSON.stringify(validate.errors)
}
