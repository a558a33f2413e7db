import { countText } from '../base/text.ts'
import type { HealthAnswer, KeepInfo } from '../model/api.ts'
import type { Health } from '../model/health.ts'
import type { FileState } from './file-reading.ts'

type Advice = HealthAnswer['advice'][number]

export interface AdviceInput {
  readonly health: Health
  readonly keep: KeepInfo
  readonly stored: number
  readonly kind: 'file' | 'live'
  readonly files: readonly FileState[]
  readonly droppedLines: number
}

const ORDER = { error: 0, warning: 1, note: 2 } as const

/** What is wrong, why, and what to do: an empty list explains itself here. */
export function adviceOf(input: AdviceInput): Advice[] {
  const all = [...ofFiles(input), ...ofLosses(input), ...ofPlaces(input), ...ofEmptiness(input), ...ofKeep(input)]
  return all.sort((a, b) => ORDER[a.severity] - ORDER[b.severity])
}

function ofFiles({ files }: AdviceInput): Advice[] {
  return files.flatMap(({ name, problem, reading }) => [
    ...(problem === undefined ? [] : [{ severity: 'error', text: `${name}: ${problem}` } as const]),
    ...(reading ? [{ severity: 'note', text: `${name} is still being read` } as const] : []),
  ])
}

function ofLosses({ health: h, droppedLines }: AdviceInput): Advice[] {
  const list: Advice[] = []
  if (h.droppedByKernel > 0) list.push({ severity: 'warning', text: `${countText(h.droppedByKernel)} packets were lost because a ring was full`, next: 'filter in the kernel: --port, --host; or more threads: --workers 2' })
  if (h.droppedMessages + droppedLines > 0) list.push({ severity: 'warning', text: `${countText(h.droppedMessages + droppedLines)} messages were given up because the store was too slow` })
  if (h.droppedBodies > 0) list.push({ severity: 'warning', text: `details of ${countText(h.droppedBodies)} messages were given up because the store was too slow`, next: 'keep less of bodies: --body-limit 4K' })
  if (h.bytesLost > 0) list.push({ severity: 'warning', text: `${countText(h.bytesLost)} stream bytes were sent and never captured, in ${countText(h.gaps)} holes: messages around them are incomplete` })
  if (h.flowsJoinedLate > 0) list.push({ severity: 'note', text: `${countText(h.flowsJoinedLate)} of ${countText(h.flows)} connections began before the capture: their handshakes are not known, and compressed headers in part` })
  if (h.malformedPackets + h.malformedBytes > 0) list.push({ severity: 'note', text: `${countText(h.malformedPackets)} packets and ${countText(h.malformedBytes)} places in streams break their format` })
  for (const [name, count] of Object.entries(h.limits)) list.push({ severity: 'note', text: `${name}: ${countText(count)}` })
  return list
}

function ofPlaces({ health }: AdviceInput): Advice[] {
  const list: Advice[] = health.refused.map(({ name, why }) => ({ severity: 'error', text: `${name} is not captured: ${why}`, next: 'mtlscope doctor' }))
  for (const { name, packets } of health.namespaces) if (packets === 0) list.push({ severity: 'note', text: `no packet in ${name === '' ? 'this machine\'s namespace' : name} so far` })
  return list
}

function ofEmptiness({ health, stored, kind, files }: AdviceInput): Advice[] {
  if (stored > 0) return []
  if (files.some((file) => file.reading)) return []
  if (kind === 'file') {
    return health.packets === 0 ? [{ severity: 'warning', text: 'the file holds no packets' }]
      : [{ severity: 'warning', text: `none of ${countText(health.packets)} packets carried a message: no TCP or UDP payload that could be followed`, next: 'mtlscope tap -r FILE -o json' }]
  }
  if (health.namespaces.length === 0) return [{ severity: 'warning', text: 'nothing is captured: no proxy of a mesh was found so far', next: 'mtlscope tap -i any --ui, or mtlscope doctor' }]
  return [{ severity: 'warning', text: health.packets === 0 ? 'no packet has come so far' : `${countText(health.packets)} packets came, none with a message that is over`, next: 'send a request through the mesh, or look at another interface: -i any' }]
}

function ofKeep({ keep }: AdviceInput): Advice[] {
  return [
    ...(keep.problem === undefined ? [] : [{ severity: 'error', text: keep.problem, next: 'free some of the disk, or keep less: --keep 256MiB' } as const]),
    ...(keep.removedMessages === 0 ? [] : [{ severity: 'note', text: `${countText(keep.removedMessages)} of the oldest messages are gone, as the store is bounded`, next: '--keep 4GiB,48h' } as const]),
  ]
}
