import type { ApiError, ApiRoutes, FilterProblem } from '../../../src/model/api.ts'

type GetRoute = Extract<keyof ApiRoutes, `GET ${string}`>
type PostRoute = Extract<keyof ApiRoutes, `POST ${string}`>
type QueryOf<R extends GetRoute> = ApiRoutes[R]['query']
type AnswerOf<R extends keyof ApiRoutes> = ApiRoutes[R]['answer']
/** Values for the `:name` parts of a path. */
type PathValues = Readonly<Record<string, string | number>>

/** What the hub said instead of an answer; `code` is `unreachable` where it said nothing. */
export class ApiFailure extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly problem: FilterProblem | undefined

  constructor(error: ApiError) {
    super(error.message)
    this.code = error.code
    this.hint = error.hint
    this.problem = error.problem
  }
}

/** Asks the hub. Rejects with ApiFailure, or with the signal's reason. */
export async function ask<R extends GetRoute>(route: R, query: QueryOf<R>, path: PathValues = {}, signal?: AbortSignal): Promise<AnswerOf<R>> {
  const response = await send(routeAddress(route, query, path), signal === undefined ? {} : { signal })
  return await response.json() as AnswerOf<R>
}

/** The same for what is not JSON. */
export async function askBytes<R extends GetRoute>(route: R, query: QueryOf<R>, path: PathValues = {}, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await send(routeAddress(route, query, path), signal === undefined ? {} : { signal })
  return new Uint8Array(await response.arrayBuffer())
}

export async function tell<R extends PostRoute>(route: R, body: ApiRoutes[R]['body'], signal?: AbortSignal): Promise<AnswerOf<R>> {
  const headers = { 'content-type': 'application/json' }
  const response = await send(routeAddress(route, {}, {}), { method: 'POST', headers, body: JSON.stringify(body), ...signal === undefined ? {} : { signal } })
  return await response.json() as AnswerOf<R>
}

/** The address of a route, for links and downloads. */
export function routeAddress(route: keyof ApiRoutes, query: object, path: PathValues = {}): string {
  const filled = route.slice(route.indexOf(' ') + 1).replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(path[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? filled : `${filled}?${text}`
}

async function send(address: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(address, { ...init, credentials: 'same-origin' })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new ApiFailure({ code: 'unreachable', message: 'mtlscope does not answer', hint: 'it was stopped, or this machine cannot reach it; the page goes on by itself when it answers again' })
  }
  if (response.ok) return response
  throw new ApiFailure(await readError(response))
}

async function readError(response: Response): Promise<ApiError> {
  try {
    const error = await response.json() as Partial<ApiError>
    if (typeof error.code === 'string' && typeof error.message === 'string') return error as ApiError
  } catch {
    // Not from the hub itself: a proxy between.
  }
  return { code: `http-${response.status}`, message: `the answer was ${response.status} ${response.statusText}` }
}
