type Json = Readonly<Record<string, unknown>>

/** One operation of a description, in the words of OpenAPI 3.1. */
export interface Operation {
  readonly key: string
  readonly method: string
  readonly path: string
  readonly summary: string | undefined
  readonly requests: number | undefined
  readonly errors: number | undefined
  readonly p95Micros: number | undefined
  readonly parameters: readonly { readonly name: string, readonly where: string, readonly isRequired: boolean, readonly type: string }[]
  readonly requestBody: unknown
  readonly responses: readonly { readonly status: string, readonly what: string, readonly content: unknown }[]
}

const METHODS: readonly string[] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** The operations of an OpenAPI document; what is not as it should be is left out. */
export function operationsOf(document: Json): Operation[] {
  const operations: Operation[] = []
  for (const [path, item] of Object.entries(objectOf(document.paths))) {
    for (const [method, operation] of Object.entries(objectOf(item))) {
      if (METHODS.includes(method)) operations.push(operationOf(path, method, objectOf(operation)))
    }
  }
  return operations
}

function operationOf(path: string, method: string, operation: Json): Operation {
  const figures = objectOf(operation['x-mtlscope'])
  return {
    key: `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    summary: typeof operation.summary === 'string' ? operation.summary : undefined,
    requests: numberOf(figures.requests),
    errors: numberOf(figures.errors),
    p95Micros: numberOf(figures.p95Micros),
    parameters: (Array.isArray(operation.parameters) ? operation.parameters as unknown[] : []).map((parameter) => parameterOf(objectOf(parameter))),
    requestBody: operation.requestBody,
    responses: Object.entries(objectOf(operation.responses)).map(([status, response]) => {
      const { description, content } = objectOf(response)
      return { status, what: typeof description === 'string' ? description : '', content }
    }),
  }
}

function parameterOf(parameter: Json): Operation['parameters'][number] {
  return { name: String(parameter.name), where: String(parameter.in), isRequired: parameter.required === true, type: typeText(objectOf(parameter.schema)) }
}

/** `string (uuid)`, `integer`, `string: open | closed`. */
function typeText(schema: Json): string {
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : typeof schema.type === 'string' ? schema.type : 'any'
  if (Array.isArray(schema.enum)) return `${type}: ${schema.enum.map(String).join(' | ')}`
  return typeof schema.format === 'string' ? `${type} (${schema.format})` : type
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : {}
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
