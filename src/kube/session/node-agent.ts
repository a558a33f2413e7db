import type { PodPlace } from '../pod-stream.ts'

/** A container with the rights and the view of an agent, on one node: programs of mtlscope are started in it. */
export interface NodeAgent extends PodPlace {
  readonly node: string
  readonly container: string
}

/** Who has such containers: agents that are installed, or those of a session. */
export interface NodeAgents {
  /** For people: `the installed agents`. */
  readonly kind: 'installed' | 'session'
  /** The one of a node. Throws 'agent-failed' with the reason where there is none and none can be had. */
  on(node: string): Promise<NodeAgent>
  /** What was made for the session is removed. Never throws. */
  close(): Promise<void>
}
