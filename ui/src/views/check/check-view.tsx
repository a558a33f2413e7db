import type { JSX } from 'react'
import { Fragment } from 'react'
import type { CheckAnswer, CheckEdge, CheckVerdict } from '../../../../src/model/api.ts'
import { CopyButton } from '../../components/copy-button.tsx'
import { Menu } from '../../components/menu.tsx'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import { withTerm } from '../../model/filter-term.ts'
import { countText } from '../../model/units.ts'
import { checkVerdictSign } from '../../model/verdict-look.ts'
import { ask } from '../../services/api.ts'
import { useCell } from '../../services/cell.ts'
import { saveFile } from '../../services/clipboard.ts'
import { adjust, go, goToView, place } from '../../services/navigation.ts'
import { useRanged } from '../../services/ranged.ts'
import { reportText } from './check-report.ts'

/** What the wire proves of each edge, worst first; a row unfolds into its evidence. */
export function CheckView(): JSX.Element {
  const { value, failure } = useRanged('check', (query, signal) => ask('GET /api/v1/check', query, {}, signal))
  if (value === undefined || failure?.problem !== undefined) return <ViewFailure failure={failure} />
  if (value.edges.length === 0) {
    return (
      <div className="notice">
        <h2>There is no edge to judge</h2>
        <ul className="quiet">{value.notes.map((note) => <li key={note}>{note}</li>)}</ul>
        <button type="button" className="button" onClick={() => goToView('health')}>What was looked for: Health</button>
      </div>
    )
  }
  return (
    <div className="check-view">
      <CheckSummary answer={value} />
      <div className="scroll check-table" tabIndex={0} role="group" aria-label="Edges, worst first"><EdgeTable answer={value} /></div>
    </div>
  )
}

const ORDER: readonly CheckVerdict[] = ['plaintext', 'mixed', 'tls', 'unknown', 'mtls-inferred', 'mtls']

function CheckSummary({ answer }: { answer: CheckAnswer }): JSX.Element {
  return (
    <div className="check-summary">
      {ORDER.filter((verdict) => answer.counts[verdict] > 0).map((verdict) => (
        <span key={verdict} className="check-count"><strong>{countText(answer.counts[verdict])}</strong> <VerdictSign verdict={checkVerdictSign(verdict)} word /></span>
      ))}
      <span className="grow" />
      <Menu
        label="Save the report"
        items={[
          { label: 'Text', run: () => saveFile('mtls-check.txt', new Blob([reportText(answer)], { type: 'text/plain' })) },
          { label: 'JSON', run: () => saveFile('mtls-check.json', new Blob([JSON.stringify(answer, undefined, 2)], { type: 'application/json' })) },
        ]}
      />
    </div>
  )
}

function EdgeTable({ answer }: { answer: CheckAnswer }): JSX.Element {
  const { item } = useCell(place)
  return (
    <table className="table">
      <thead><tr><th>Edge</th><th>Verdict</th><th className="number">Connections</th><th>What stands out</th></tr></thead>
      <tbody>
        {answer.edges.map((edge) => {
          const key = `${edge.from} ${edge.to}`
          const isOpen = item === key
          return (
            <Fragment key={key}>
              <tr className={isOpen ? 'check-row open' : 'check-row'}>
                <td>
                  <button type="button" className="link-quiet strong" aria-expanded={isOpen} onClick={() => adjust({ item: isOpen ? undefined : key })}>
                    <span className="quiet" aria-hidden="true">{isOpen ? '▾' : '▸'} </span>
                    {edge.from} <span className="quiet">→</span> {edge.to}
                  </button>
                </td>
                <td><VerdictSign verdict={checkVerdictSign(edge.verdict)} word /></td>
                <td className="number">{countText(edge.connections)}</td>
                <td className="quiet">{edge.findings[0]?.text ?? edge.why}</td>
              </tr>
              {isOpen && <tr><td colSpan={4}><EdgeEvidence edge={edge} /></td></tr>}
            </Fragment>
          )
        })}
        {answer.notes.length > 0 && <tr><td colSpan={4} className="quiet"><ul>{answer.notes.map((note) => <li key={note}>{note}</li>)}</ul></td></tr>}
      </tbody>
    </table>
  )
}

const FINDING_TONES = { error: 'tone-red', warning: 'tone-amber', note: 'tone-quiet' } as const

function EdgeEvidence({ edge }: { edge: CheckEdge }): JSX.Element {
  return (
    <div className="check-evidence">
      <ol className="evidence">
        {edge.evidence.map((evidence, at) => (
          <li key={`${at} ${evidence.text}`}>
            {evidence.text}{' '}
            {evidence.message !== undefined && (
              <button type="button" className="link small" onClick={() => go({ view: 'list', selected: evidence.message, tab: 'packets', item: undefined })}>
                {framesText(evidence.frames) ?? `message ${evidence.message}`}
              </button>
            )}
            {evidence.message === undefined && framesText(evidence.frames) !== undefined && <span className="quiet small">{framesText(evidence.frames)}</span>}
          </li>
        ))}
      </ol>
      <ul>{edge.findings.map(({ severity, text }) => <li key={text} className={FINDING_TONES[severity]}>{severity}: {text}</li>)}</ul>
      {edge.why !== undefined && <p><strong>Why</strong> {edge.why}</p>}
      {edge.fix !== undefined && <div className="fix"><div><strong>What would mend or prove it</strong><p>{edge.fix}</p></div><CopyButton text={edge.fix} what="the fix" /></div>}
      <button type="button" className="button" onClick={() => go({ view: 'list', q: withTerm(place.get().q, edge.filter), item: undefined, selected: undefined })}>Its messages</button>
    </div>
  )
}

function framesText(frames: readonly number[] | undefined): string | undefined {
  if (frames === undefined || frames.length === 0) return undefined
  return `${frames.length === 1 ? 'frame' : 'frames'} ${frames.slice(0, 6).join(', ')}${frames.length > 6 ? ' …' : ''}`
}
