/** How the messages of one direction are written. */
export interface GrpcType {
  readonly framing: 'grpc' | 'grpc-web' | 'grpc-web-text'
  /** `proto` where nothing else is said. */
  readonly codec: string
}

const PREFIX = 'application/grpc'
const TYPE = /^application\/(grpc(?:-web(?:-text)?)?)(?:\+([\w.-]+))?\s*(?:;|$)/

/** `type` in lower case, with its parameters. Asked for each exchange of HTTP. */
export function isGrpc(type: string): boolean {
  return type.startsWith(PREFIX) && TYPE.test(type)
}

export function parseGrpcType(type: string): GrpcType | undefined {
  const match = TYPE.exec(type.toLowerCase())
  return match === null ? undefined : { framing: match[1] as GrpcType['framing'], codec: match[2] ?? 'proto' }
}
