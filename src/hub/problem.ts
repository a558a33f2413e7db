import type { FastifyInstance } from 'fastify'
import { MtlscopeError } from '../base/errors.ts'
import type { ApiError, FilterProblem } from '../model/api.ts'
import { FilterError } from '../store/store.ts'

/** A call that is answered with an error. */
export class ApiProblem extends Error {
  readonly statusCode: number
  readonly code: string
  readonly hint: string | undefined
  readonly problem: FilterProblem | undefined

  constructor(statusCode: number, code: string, message: string, hint?: string, problem?: FilterProblem) {
    super(message)
    this.statusCode = statusCode
    this.code = code
    this.hint = hint
    this.problem = problem
  }
}

export function notFound(what: string, hint?: string): ApiProblem {
  return new ApiProblem(404, 'not-found', what, hint)
}

export function badRequest(what: string, hint?: string): ApiProblem {
  return new ApiProblem(400, 'bad-request', what, hint)
}

/** Errors in the form of ApiError, also those of Fastify itself. A bug says nothing of the inside. */
export function addProblems(app: FastifyInstance, onBug: (error: unknown) => void): void {
  app.setErrorHandler(async (error, _request, reply) => {
    const { statusCode, body } = answerOf(error, onBug)
    return reply.status(statusCode).type('application/json').send(body)
  })
}

function answerOf(error: unknown, onBug: (error: unknown) => void): { statusCode: number, body: ApiError } {
  if (error instanceof FilterError) return { statusCode: 400, body: { code: 'bad-filter', message: error.message, ...(error.problem.hint !== undefined && { hint: error.problem.hint }), problem: error.problem } }
  if (error instanceof ApiProblem) {
    const { statusCode, code, message, hint, problem } = error
    return { statusCode, body: { code, message, ...(hint !== undefined && { hint }), ...(problem && { problem }) } }
  }
  if (error instanceof MtlscopeError) return { statusCode: 500, body: { code: error.code, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) } }
  const status = (error as { statusCode?: number }).statusCode
  if (status !== undefined && status < 500) return { statusCode: status, body: { code: 'bad-request', message: (error as Error).message } }
  onBug(error)
  return { statusCode: 500, body: { code: 'internal', message: 'the hub failed at this; its standard error says more' } }
}
