/** An address and a port to listen on or to dial. */
export interface Address { readonly ip: string, readonly port: number }

/** What one app of the shop is started with. It knows where to listen and whom to dial, and nothing of TLS. */
export interface AppConfig {
  readonly service: string
  /** Undefined for one that is not called. */
  readonly listen: Address | undefined
  /** Where to dial each service that it calls. */
  readonly calls: Readonly<Record<string, Address>>
  /** Clicks a second; for the one that visitors come to. */
  readonly rate: number
}
