import type { JSX } from 'react'
import { useMemo, useState } from 'react'
import type { JsonRecord, MessageDetail } from '../../../../src/model/api.ts'
import { Dialog } from '../../components/dialog.tsx'
import { DiffView } from '../../components/diff-view.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { recordText } from '../../model/record-text.ts'
import { diffLines } from '../../model/text-diff.ts'
import { durationText } from '../../model/units.ts'
import { visibleText } from '../../model/visible-text.ts'
import { useAnswer } from '../../services/answer.ts'
import { ask } from '../../services/api.ts'
import { go } from '../../services/navigation.ts'

const PARTS = ['request', 'response'] as const
type Part = (typeof PARTS)[number]

/** Two messages, line by line. */
export function CompareDialog({ pair }: { pair: readonly [number, number] }): JSX.Element {
  const [part, setPart] = useState<Part>('response')
  const { value, failure } = useAnswer(pair.join(' '), (signal) => Promise.all(pair.map((id) => ask('GET /api/v1/messages/:id', {}, { id }, signal))))
  const [a, b] = value ?? []
  return (
    <Dialog title="Compare two messages" onClose={() => go({ compare: undefined })} wide>
      {failure !== undefined && <p className="tone-red" role="alert">{failure.message}</p>}
      {a !== undefined && b !== undefined && (
        <>
          <table className="compare-heads">
            <tbody><MessageLine detail={a} sign="−" tone="tone-red" /><MessageLine detail={b} sign="+" tone="tone-green" /></tbody>
          </table>
          <Tabs name="compare" items={PARTS.map((key) => ({ key, label: key === 'request' ? 'Request' : 'Response' }))} current={part} onChange={setPart} />
          <div id="panel-compare" role="tabpanel" aria-labelledby={`tab-compare-${part}`}><PartDiff a={a.record} b={b.record} part={part} /></div>
        </>
      )}
    </Dialog>
  )
}

function PartDiff({ a, b, part }: { a: JsonRecord, b: JsonRecord, part: Part }): JSX.Element {
  const lines = useMemo(() => diffLines(recordText(a, part), recordText(b, part)), [a, b, part])
  if (lines.every((line) => line.kind === 'same')) return <p className="quiet pad">There is no difference, times aside.</p>
  return <DiffView lines={lines} before="first" after="second" />
}

function MessageLine({ detail: { row }, sign, tone }: { detail: MessageDetail, sign: string, tone: string }): JSX.Element {
  return (
    <tr>
      <td className={`strong ${tone}`}>{sign}</td>
      <td className="quiet">No. {row.id}</td>
      <td className="mono">{visibleText(row.what)}</td>
      <td className="strong">{row.status}</td>
      <td className="quiet">{row.elapsedMicros === undefined ? '' : durationText(row.elapsedMicros)}</td>
    </tr>
  )
}
