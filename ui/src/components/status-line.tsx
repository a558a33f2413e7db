import type { JSX } from 'react'
import type { NodeHealth } from '../../../src/model/api.ts'
import { countText, nounText, rateText, sizeText } from '../model/units.ts'
import { capture } from '../services/capture.ts'
import { useCell } from '../services/cell.ts'
import { liveHealth } from '../services/live.ts'
import { goToView } from '../services/navigation.ts'

/** How far the list can be trusted, in one line; more of it in Health. */
export function StatusLine(): JSX.Element {
  const answer = useCell(liveHealth)
  const info = useCell(capture)
  if (answer === undefined) return <footer className="status-line quiet">…</footer>
  const { health, keep } = answer
  const lost = health.droppedByKernel + health.droppedMessages + answer.droppedLines
  const worst = answer.advice[0]
  return (
    <footer className="status-line">
      <button type="button" className="link-quiet" onClick={() => goToView('health')} title="To Health">
        {info?.kind === 'live' ? `${rateText(answer.packetsPerSecond).replace('/s', ' pkt/s')}` : nounText(health.packets, 'packet')}
        {' · '}
        <span className={lost > 0 ? 'tone-red' : undefined}>{countText(lost)} dropped</span>
        {answer.nodes !== undefined && <>{' · '}<span className={answer.nodes.some(isMissing) ? 'tone-red' : undefined}>{answer.nodes.filter((node) => !isMissing(node)).length} of {answer.nodes.length} nodes</span></>}
        {health.namespaces.length > 0 && ` · ${health.namespaces.length} of ${health.namespaces.length + health.refused.length} namespaces`}
        {' · '}
        <span className={keep.problem === undefined ? undefined : 'tone-red'}>{keptText(keep)}</span>
      </button>
      {worst !== undefined && worst.severity !== 'note' && (
        <span className={`cut ${worst.severity === 'error' ? 'tone-red' : 'tone-amber'}`}>{worst.severity}: {worst.text}</span>
      )}
      <span className="grow" />
      {info !== undefined && <span className="quiet">{info.redaction.length === 0 ? 'nothing is redacted · ' : ''}mtlscope {info.version}</span>}
    </footer>
  )
}

function isMissing(node: NodeHealth): boolean {
  return node.state === 'missing'
}

function keptText(keep: { readonly usedBytes: number, readonly sizeBytes?: number }): string {
  return keep.sizeBytes === undefined ? `${sizeText(keep.usedBytes)} kept` : `${sizeText(keep.usedBytes)} of ${sizeText(keep.sizeBytes)} kept`
}
