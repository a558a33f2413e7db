import type { Lens } from '../http/lens.ts'
import { GrpcCall } from './call.ts'
import { isGrpc } from './content-type.ts'
import { WANTED_WEB_BYTES } from './limits.ts'

const WEB = 'application/grpc-web'

/** gRPC over HTTP/2 and gRPC-Web over any HTTP: service, method, status, and each message of a stream. */
export const grpcLens: Lens = {
  name: 'grpc',
  wantedBytes: () => 0,
  // Its trailers are at the end of the body, and the status is among them.
  wantedAnswerBytes: ({ responseType }) => responseType.startsWith(WEB) && isGrpc(responseType) ? WANTED_WEB_BYTES : 0,
  claims: ({ requestType, responseType }) => isGrpc(requestType) || isGrpc(responseType),
  look: (call, settings) => new GrpcCall(call, settings),
}
