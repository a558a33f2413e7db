import type { JSX } from 'react'
import type { JsonRecord } from '../../../../src/model/api.ts'
import { JsonView } from '../../components/json-view.tsx'
import { TextView } from '../../components/text-view.tsx'
import type { Section, SideName } from '../../model/half-sections.ts'
import { halfSections } from '../../model/half-sections.ts'
import { visibleText } from '../../model/visible-text.ts'
import { addPointerTerm } from '../../services/pointer-term.ts'
import { BodyView } from './body-view.tsx'
import { FieldTable } from './field-table.tsx'
import { Folding } from './folding.tsx'
import { GrpcMessages } from './grpc-messages.tsx'

interface Props { readonly id: number, readonly record: JsonRecord, readonly side: SideName }

/** Request or response, in sections that fold. */
export function Half({ id, record, side }: Props): JSX.Element {
  const sections = halfSections(record, side)
  if (sections.length === 0) {
    return <p className="quiet pad">{side === 'response' ? 'No answer was captured.' : 'The request was not captured.'} {record.notes?.[0]}</p>
  }
  return (
    <>
      {sections.map((section, at) => (
        <Folding key={`${at} ${section.title}`} title={section.title}>
          <SectionView section={section} id={id} side={side} />
        </Folding>
      ))}
    </>
  )
}

function SectionView({ section, id, side }: { section: Section } & Omit<Props, 'record'>): JSX.Element {
  switch (section.kind) {
    case 'fields': return <FieldTable rows={section.rows} />
    case 'body': return <BodyView body={section.body} id={id} side={side} />
    case 'json': return <JsonView value={section.value} onValue={(path, value, isExcluded) => addPointerTerm(section.field, path, value, isExcluded)} />
    case 'text': return <TextView text={section.text} />
    case 'rows': return <RowTable columns={section.columns} rows={section.rows} />
    case 'messages': return <GrpcMessages messages={section.messages} field={section.field} />
  }
}

function RowTable({ columns, rows }: { columns: readonly string[], rows: readonly (readonly string[])[] }): JSX.Element {
  return (
    <div className="row-table scroll" tabIndex={0} role="group" aria-label="Rows">
      <table className="table mono">
        <thead><tr>{columns.map((name) => <th key={name}>{visibleText(name)}</th>)}</tr></thead>
        <tbody>{rows.map((row, at) => <tr key={at}>{row.map((text, column) => <td key={columns[column]}>{visibleText(text)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  )
}
