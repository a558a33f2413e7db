import { graphqlMessageLens } from '../graphql/over-websocket.ts'
import type { MessageLens } from './lens.ts'

const LENSES: readonly MessageLens[] = [graphqlMessageLens]

export function messageLensFor(subprotocol: string): MessageLens | undefined {
  return LENSES.find(({ subprotocols }) => subprotocols.includes(subprotocol))
}
