import type { IpVersion, Match } from '../netfilter/ruleset.ts'
import type { PlannedAction, PlannedRule, TableName } from './plan.ts'

const ALL = 0xffff_ffff

export const RETURN: PlannedAction = { kind: 'return' }
export const DROP: PlannedAction = { kind: 'drop' }
export const ACCEPT: PlannedAction = { kind: 'accept' }
export const REJECT: PlannedAction = { kind: 'reject' }

export function jump(to: string): PlannedAction {
  return { kind: 'jump', to }
}

export function redirect(port: number): PlannedAction {
  return { kind: 'redirect', ports: { from: port, to: port } }
}

/** `mark` undefined: the mark of the packet stays. */
export function tproxy(port: number, mark?: number): PlannedAction {
  return { kind: 'tproxy', port, address: undefined, mark: mark === undefined ? undefined : { clear: ALL, flip: mark }, strict: true, version: undefined }
}

export function setMark(mark: number): Extract<PlannedAction, { kind: 'set-mark' }> {
  return { kind: 'set-mark', of: 'packet', change: { clear: ALL, flip: mark } }
}

export const SAVE_MARK: PlannedAction = { kind: 'save-mark', packetMask: ALL, connectionMask: ALL }
export const RESTORE_MARK: PlannedAction = { kind: 'restore-mark', packetMask: ALL, connectionMask: ALL }

/** Collects rules in their order. */
export class PlanBuilder {
  readonly rules: PlannedRule[] = []
  readonly exemptions: string[] = []
  readonly versions: readonly IpVersion[]

  constructor(versions: readonly IpVersion[]) {
    this.versions = versions
  }

  /** For all families of the plan, or for the one of an address that it compares with. */
  add(table: TableName, chain: string, matches: readonly Match[], action: PlannedAction, versions = this.versions): void {
    const concerned = versions.filter((version) => matches.every((match) => match.kind !== 'address' || match.ranges[0]!.low.version === version))
    if (concerned.length > 0) this.rules.push({ table, chain, versions: concerned, matches, action })
  }

  exempt(what: string): void {
    this.exemptions.push(what)
  }
}
