import type { Micros } from './time.ts'

/** Where packets came from: a file or an interface, a namespace asked for, or the namespace of a proxy that was found. */
export type Capture = 'pcap' | 'netns' | 'envoy' | 'linkerd' | 'sidecar'

/** `clear`: seen on a loopback interface, between an app and its proxy. `wire`: seen on any other interface. */
export type Hop = 'clear' | 'wire'

export interface Endpoint {
  /** Text form: dotted quad, or RFC 5952 for IPv6. */
  readonly ip: string
  readonly port: number
  /** Workload name, where one is known. */
  readonly name?: string
}

/** One TCP connection (or UDP conversation) as captured at one place. */
export interface FlowInfo {
  /** Unique within one run of the program. */
  readonly id: string
  readonly client: Endpoint
  readonly server: Endpoint
  readonly capture: Capture
  readonly hop: Hop
  /** Name of the network namespace it was captured in; undefined for files and for this machine's own. */
  readonly namespace?: string
  /** Name of the interface, where known. */
  readonly interface?: string
  readonly firstMicros: Micros
}
