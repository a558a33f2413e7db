import { graphqlLens } from '../graphql/graphql.ts'
import { grpcLens } from '../grpc/grpc.ts'
import type { HttpHeads, Lens } from './lens.ts'

/** Every lens, in the order in which they are asked. */
export const LENSES: readonly Lens[] = [grpcLens, graphqlLens]

export function lensFor(heads: HttpHeads): Lens | undefined {
  for (const lens of LENSES) if (lens.claims(heads)) return lens
  return undefined
}
