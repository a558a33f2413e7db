import { entersBy, port, state, tcp, to } from './conditions.ts'
import { jump, RETURN, tproxy } from './plan-builder.ts'
import type { PlanBuilder } from './plan-builder.ts'
import type { InterceptSettings } from './settings.ts'

const IN = 'CONTRAST_INBOUND'
const REDIRECT = 'CONTRAST_IN_REDIRECT'
/** Where connections go whose client needs no certificate. */
const NO_CLIENT_CERTIFICATE_PORT = 15_007

/** Contrast's sidecar: inbound only, no marks and no routes, because the destination is local anyway. */
export function planContrast({ ingress, inboundPort }: InterceptSettings, plan: PlanBuilder): void {
  plan.add('mangle', 'PREROUTING', [tcp], jump(IN))
  plan.add('mangle', IN, [entersBy('lo'), tcp], RETURN)
  plan.add('mangle', IN, [tcp, state('related', 'established')], RETURN)
  plan.add('mangle', IN, [tcp], jump(REDIRECT))
  for (const one of ingress) plan.add('mangle', REDIRECT, [tcp, to([port(one.port)])], one.isPlain ? RETURN : tproxy(NO_CLIENT_CERTIFICATE_PORT))
  plan.add('mangle', REDIRECT, [tcp], tproxy(inboundPort))
  const plain = ingress.filter(({ isPlain }) => isPlain).map((one) => one.port)
  if (plain.length > 0) plan.exempt(`inbound ports ${plain.join(', ')}`)
  plan.exempt('everything outbound but for what is sent to the sidecar on loopback')
  plan.exempt('UDP in both directions, HTTP/3 among it')
}
