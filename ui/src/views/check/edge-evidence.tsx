import type { JSX } from 'react'
import type { CheckEdge, CheckEvidence, CheckVerdict } from '../../../../src/model/api.ts'
import { CopyButton } from '../../components/copy-button.tsx'
import { withTerm } from '../../model/filter-term.ts'
import { visibleText } from '../../model/visible-text.ts'
import { go, place } from '../../services/navigation.ts'

const FINDING_TONES = { error: 'tone-red', warning: 'tone-amber', note: 'tone-quiet' } as const
const IS_PROTECTED: ReadonlySet<CheckVerdict> = new Set(['mtls', 'mtls-inferred'])

/** What a verdict rests on, what is odd, why it is no better, and what would mend that. */
export function EdgeEvidence({ edge }: { edge: CheckEdge }): JSX.Element {
  return (
    <div className="check-evidence">
      <ol className="evidence">{edge.evidence.map((evidence, at) => <EvidenceLine key={`${at} ${evidence.text}`} evidence={evidence} />)}</ol>
      <ul>{edge.findings.map(({ severity, text }, at) => <li key={`${at} ${text}`} className={FINDING_TONES[severity]}>{severity}: {visibleText(text)}</li>)}</ul>
      <Causes edge={edge} />
      <button type="button" className="button" onClick={() => go({ view: 'list', q: withTerm(place.get().q, edge.filter), item: undefined, selected: undefined })}>Its messages</button>
    </div>
  )
}

function EvidenceLine({ evidence: { text, message, frames } }: { evidence: CheckEvidence }): JSX.Element {
  const where = framesText(frames)
  return (
    <li>
      {visibleText(text)}{' '}
      {message !== undefined && (
        <button type="button" className="link small" onClick={() => go({ view: 'list', selected: message, tab: 'packets', item: undefined })}>{where ?? `message ${message}`}</button>
      )}
      {message === undefined && where !== undefined && <span className="quiet small">{where}</span>}
    </li>
  )
}

/** Each cause with what mends it; of a hub that gives only sentences, those. */
function Causes({ edge }: { edge: CheckEdge }): JSX.Element | null {
  const { verdict, why, fix } = edge
  const causes = edge.causes?.length ? edge.causes : why === undefined && fix === undefined ? [] : [{ kind: 'why', what: why ?? '', fix: fix ?? '' }]
  if (causes.length === 0) return IS_PROTECTED.has(verdict) ? null : <p className="quiet">A capture does not tell why. On the machine of the caller <code>mtlscope check</code> and <code>mtlscope explain</code> read its rules and processes.</p>
  return (
    <div className="fix">
      <strong>{IS_PROTECTED.has(verdict) ? 'What would prove it' : 'Why it is not mTLS, and what would mend it'}</strong>
      <ul>
        {causes.map((cause, at) => (
          <li key={`${at} ${cause.kind}`}>
            {cause.what !== '' && <p>{visibleText(cause.what)}</p>}
            {cause.fix !== '' && <p className="fix-text"><span>→ {visibleText(cause.fix)}</span><CopyButton text={cause.fix} what="the fix" /></p>}
          </li>
        ))}
      </ul>
    </div>
  )
}

function framesText(frames: readonly number[] | undefined): string | undefined {
  if (frames === undefined || frames.length === 0) return undefined
  return `${frames.length === 1 ? 'frame' : 'frames'} ${frames.slice(0, 6).join(', ')}${frames.length > 6 ? ' …' : ''}`
}
