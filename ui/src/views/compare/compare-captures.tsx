import type { JSX } from 'react'
import { useState } from 'react'
import type { CompareAnswer, CompareEntry, CompareSide } from '../../../../src/model/api.ts'
import { Dialog } from '../../components/dialog.tsx'
import { countText, durationText, nounText } from '../../model/units.ts'
import { visibleText } from '../../model/visible-text.ts'
import { useAnswer } from '../../services/answer.ts'
import { ask } from '../../services/api.ts'
import { capture } from '../../services/capture.ts'
import { useCell } from '../../services/cell.ts'
import { place } from '../../services/navigation.ts'

interface Other { readonly file: string, readonly q: string }

/** What is shown now against another file, or against another filter of the same capture: what is new, gone, slower. */
export function CompareCaptures({ onClose }: { onClose: () => void }): JSX.Element {
  const [draft, setDraft] = useState<Other>({ file: '', q: '' })
  const [other, setOther] = useState<Other>()
  const info = useCell(capture)
  return (
    <Dialog title="Compare captures" onClose={onClose} wide>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          setOther(draft)
        }}
      >
        <div className="form-row">
          <label>
            Other file
            <select className="field" value={draft.file} onChange={(event) => setDraft({ ...draft, file: event.target.value })}>
              <option value="">the same</option>
              {info?.files.map(({ name }) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
          <label className="grow">
            Filter there
            <input className="field mono" value={draft.q} onChange={(event) => setDraft({ ...draft, q: event.target.value })} placeholder={draft.file === '' ? 'dst.name == "cart-v1"' : 'as here'} />
          </label>
          <button type="submit" className="button primary" disabled={draft.file === '' && draft.q === ''}>Compare</button>
        </div>
      </form>
      {info !== undefined && info.files.length < 2 && <p className="quiet small">To compare files, open both: <code>mtlscope view after.pcapng before.pcapng</code></p>}
      {other !== undefined && <CompareResult other={other} />}
    </Dialog>
  )
}

function CompareResult({ other }: { other: Other }): JSX.Element {
  const { q, fromMicros, toMicros } = place.get()
  const { value, failure, isLoading } = useAnswer(JSON.stringify(other), (signal) => ask('GET /api/v1/compare', {
    q, otherQ: other.q, ...other.file === '' ? {} : { file: other.file }, ...fromMicros === undefined ? {} : { from: fromMicros }, ...toMicros === undefined ? {} : { to: toMicros },
  }, {}, signal))
  if (failure !== undefined) return <p className="tone-red" role="alert">{failure.message}{failure.hint !== undefined && <span className="quiet"> – {failure.hint}</span>}</p>
  if (value === undefined || isLoading) return <div className="progress" role="progressbar" aria-label="Comparing" />
  if (value.entries.length === 0) return <p className="quiet">Neither has a request.</p>
  return (
    <>
      <Summary answer={value} />
      <div className="scroll compare-table" tabIndex={0} role="group" aria-label="Differences">
        <table className="table">
          <thead><tr><th>Change</th><th>Service</th><th>Operation</th><th className="number">Here</th><th className="number">There</th></tr></thead>
          <tbody>{value.entries.map((entry) => <EntryRow key={`${entry.service} ${entry.operation} ${entry.protocol}`} entry={entry} />)}</tbody>
        </table>
      </div>
    </>
  )
}

/** How many of each change, and what is compared with what. */
function Summary({ answer: { here, other, entries } }: { answer: CompareAnswer }): JSX.Element {
  const changes = (Object.keys(CHANGES) as CompareEntry['change'][]).map((change) => [change, entries.filter((entry) => entry.change === change).length] as const)
  return (
    <>
      <dl className="facts compare-sides">
        <div><dt>Here</dt><dd className="cut" title={here}>{here}</dd></div>
        <div><dt>There</dt><dd className="cut" title={other}>{other}</dd></div>
      </dl>
      <p className="compare-counts" role="status">
        {changes.filter(([, count]) => count > 0).map(([change, count]) => <span key={change}><strong>{countText(count)}</strong> <span className={CHANGES[change][1]}>{CHANGES[change][0]}</span></span>)}
      </p>
    </>
  )
}

const CHANGES: Readonly<Record<CompareEntry['change'], readonly [string, string]>> = {
  'new': ['+ new', 'tone-green'], 'gone': ['− gone', 'tone-amber'], 'slower': ['▲ slower', 'tone-red'], 'faster': ['▼ faster', 'tone-green'],
  'more-errors': ['✕ more errors', 'tone-red'], 'fewer-errors': ['✓ fewer errors', 'tone-green'], 'same': ['= same', 'tone-quiet'],
}

function EntryRow({ entry }: { entry: CompareEntry }): JSX.Element {
  const [word, tone] = CHANGES[entry.change]
  return (
    <tr>
      <td className={`${tone} strong`}>{word}</td>
      <td className="compare-name">{visibleText(entry.service)}</td>
      <td className="mono compare-name">{visibleText(entry.operation)}</td>
      <td className="number">{sideText(entry.here)}</td>
      <td className="number">{sideText(entry.other)}</td>
    </tr>
  )
}

function sideText(side: CompareSide | undefined): string {
  if (side === undefined) return '–'
  const errors = side.errors > 0 ? `, ${nounText(side.errors, 'error')}` : ''
  return `${countText(side.requests)}${errors}${side.p95Micros === undefined ? '' : `, p95 ${durationText(side.p95Micros)}`}`
}
