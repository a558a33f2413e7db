/** Which end of a connection: the client opened it, the server accepted it. Numbers, so that they index arrays. */
export const CLIENT = 0
export const SERVER = 1
export type Side = typeof CLIENT | typeof SERVER

export function otherSide(side: Side): Side {
  return side === CLIENT ? SERVER : CLIENT
}

export function sideName(side: Side): 'client' | 'server' {
  return side === CLIENT ? 'client' : 'server'
}
