import type { Call, Reply } from './serve.ts'

/** GET /banner. Its workload has no sidecar, so all of this travels in the clear. */
export function answerAd(call: Call): Reply {
  if (call.path[0] !== 'banner') return { status: 404, body: { error: 'no such page' } }
  return { status: 200, body: '<a href="/tea"><img src="/tea.png" alt="Tea, now with more leaves"></a>\n' }
}
