import type { JSX } from 'react'
import { JsonView } from '../../components/json-view.tsx'
import { TextView } from '../../components/text-view.tsx'
import { protoRows } from '../../model/proto-rows.ts'
import { visibleText } from '../../model/visible-text.ts'
import { addPointerTerm } from '../../services/pointer-term.ts'
import { FieldTable } from './field-table.tsx'
import { useShownPart } from './shown-part.tsx'

type Body = Readonly<Record<string, unknown>>

/** A body by its structure: docs/protocols/bodies.md. */
export function PrettyBody({ body, field }: { body: Body, field: string }): JSX.Element {
  if (body.json !== undefined) return <JsonView value={body.json} onValue={(path, value, isExcluded) => addPointerTerm(`${field}.json`, path, value, isExcluded)} />
  if (Array.isArray(body.form)) return <FieldTable rows={pairs(body.form)} />
  if (Array.isArray(body.parts)) return <Parts parts={body.parts as Body[]} field={`${field}.parts`} />
  if (Array.isArray(body.events)) return <Events events={body.events as Body[]} />
  if (body.protobuf !== undefined) return <JsonView value={body.protobuf} rowsOf={protoRows} onValue={(path, value, isExcluded) => addPointerTerm(`${field}.protobuf`, path, value, isExcluded)} />
  if (typeof body.text === 'string') return <TextView text={body.text} />
  if (typeof body.hex === 'string') return <TextView text={body.hex} />
  return <p className="quiet">Nothing of it was kept.</p>
}

function Parts({ parts, field }: { parts: readonly Body[], field: string }): JSX.Element {
  const { shown, more } = useShownPart(parts)
  return (
    <ol className="messages">
      {shown.map((part, at) => (
        <li key={at}>
          <p className="strong">{visibleText(String(part.name ?? `part ${at + 1}`))} {typeof part.filename === 'string' && <span className="quiet">{visibleText(part.filename)}</span>}</p>
          {Array.isArray(part.headers) && <FieldTable rows={pairs(part.headers)} />}
          <PrettyBody body={part} field={`${field}[${at}]`} />
        </li>
      ))}
      {more}
    </ol>
  )
}

function Events({ events }: { events: readonly Body[] }): JSX.Element {
  const { shown, more } = useShownPart(events)
  return (
    <ol className="messages">
      {shown.map((event, at) => (
        <li key={at}>
          <p className="quiet small">{at + 1}. {visibleText(String(event.event ?? 'message'))} {event.id !== undefined && `· id ${String(event.id)}`}</p>
          <pre className="wrap">{visibleText(String(event.data ?? ''))}</pre>
        </li>
      ))}
      {more}
    </ol>
  )
}

function pairs(items: readonly unknown[]): { name: string, value: string }[] {
  return items.map((item) => {
    const { name, value } = item as Body
    return { name: String(name ?? ''), value: String(value ?? '') }
  })
}
