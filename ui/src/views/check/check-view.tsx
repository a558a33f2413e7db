import type { JSX } from 'react'
import { Fragment } from 'react'
import type { CheckAnswer, CheckReportQuery, CheckVerdict } from '../../../../src/model/api.ts'
import { Menu } from '../../components/menu.tsx'
import { Nothing } from '../../components/nothing.tsx'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import { countText } from '../../model/units.ts'
import { checkVerdictSign } from '../../model/verdict-look.ts'
import { visibleText } from '../../model/visible-text.ts'
import { ask, routeAddress } from '../../services/api.ts'
import { useCell } from '../../services/cell.ts'
import { saveAddress } from '../../services/clipboard.ts'
import { adjust, place } from '../../services/navigation.ts'
import { rangeOf, useRanged } from '../../services/ranged.ts'
import { EdgeEvidence } from './edge-evidence.tsx'

/** What the wire proves of each edge, worst first; a row unfolds into its evidence. */
export function CheckView(): JSX.Element {
  const { value, failure } = useRanged('check', (query, signal) => ask('GET /api/v1/check', query, {}, signal))
  if (value === undefined || failure?.problem !== undefined) return <ViewFailure failure={failure} />
  if (value.edges.length === 0) {
    return (
      <Nothing title="There is no edge to judge">
        <ul className="quiet">{value.notes.map((note) => <li key={note}>{note}</li>)}</ul>
      </Nothing>
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

/** As `mtlscope check -o` writes them. */
const REPORTS: readonly { readonly format: CheckReportQuery['format'], readonly label: string, readonly hint: string }[] = [
  { format: 'text', label: 'Text', hint: 'as `mtlscope check` prints it' },
  { format: 'json', label: 'JSON', hint: 'of check.schema.json; a baseline for `mtlscope check --baseline`' },
  { format: 'html', label: 'HTML', hint: 'one page without scripts, that loads nothing' },
  { format: 'junit', label: 'JUnit', hint: 'each edge is a test' },
  { format: 'sarif', label: 'SARIF', hint: 'SARIF 2.1.0, for code scanning' },
  { format: 'md', label: 'Markdown', hint: 'for a ticket or a pull request' },
]

function CheckSummary({ answer }: { answer: CheckAnswer }): JSX.Element {
  return (
    <div className="check-summary">
      {ORDER.filter((verdict) => answer.counts[verdict] > 0).map((verdict) => (
        <span key={verdict} className="check-count"><strong>{countText(answer.counts[verdict])}</strong> <VerdictSign verdict={checkVerdictSign(verdict)} word /></span>
      ))}
      <span className="grow" />
      <Menu
        label="Save the report"
        items={REPORTS.map(({ format, label, hint }) => ({ label, hint, run: () => saveReport(format) }))}
      />
    </div>
  )
}

/** For the filter and the range in the address, as the view itself. */
function saveReport(format: CheckReportQuery['format']): void {
  saveAddress(routeAddress('GET /api/v1/check/report', { format, ...rangeOf(place.get()) }))
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
                    {visibleText(edge.from)} <span className="quiet">→</span> {visibleText(edge.to)}
                  </button>
                </td>
                <td><VerdictSign verdict={checkVerdictSign(edge.verdict)} word /></td>
                <td className="number">{countText(edge.connections)}</td>
                <td className="quiet">{visibleText(edge.findings[0]?.text ?? edge.causes?.[0]?.what ?? edge.why ?? '')}</td>
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
