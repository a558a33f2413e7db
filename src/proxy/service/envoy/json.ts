/** Messages of Envoy's API as JSON. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

const EXTENSIONS = 'type.googleapis.com/envoy.extensions.'

/** An extension with its configuration: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/extension.proto */
export function extension(name: string, type: string, fields: JsonObject = {}): JsonObject {
  return { name, typed_config: { '@type': `${EXTENSIONS}${type}`, ...fields } }
}

export function seconds(ms: number): string {
  return `${ms / 1000}s`
}

export function socketAddress(host: string, port: number): JsonObject {
  return { socket_address: { address: host, port_value: port } }
}
