import { dumpNetlink, netlinkAttribute } from './netlink.ts'

const RTM_GETRULE = 34
const FRA_PRIORITY = 6
const FRA_FWMARK = 10
const FRA_TABLE = 15
const AF_INET = 2
const AF_INET6 = 10
/** struct fib_rule_hdr. */
const HEADER = 12
const TABLE = 4

/** One `ip rule` (ip-rule(8)); marks and tables are numbers, as the kernel has them. */
export interface PolicyRuleEntry { readonly version: 4 | 6, readonly priority: number, readonly mark: number, readonly table: number }

/** Those of the calling thread's network namespace. Needs no rights. */
export function listPolicyRules(version: 4 | 6): PolicyRuleEntry[] {
  let found: PolicyRuleEntry[] = []
  const request = new Uint8Array(HEADER)
  request[0] = version === 4 ? AF_INET : AF_INET6
  dumpNetlink(RTM_GETRULE, request, () => { found = [] }, (view) => {
    const number = (type: number): number | undefined => {
      const bytes = netlinkAttribute(view, HEADER, type)
      return bytes === undefined || bytes.length < 4 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
    }
    found.push({ version, priority: number(FRA_PRIORITY) ?? 0, mark: number(FRA_FWMARK) ?? 0, table: number(FRA_TABLE) ?? view.getUint8(TABLE) })
  })
  return found
}
