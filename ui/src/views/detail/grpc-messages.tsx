import type { JSX } from 'react'
import { JsonView } from '../../components/json-view.tsx'
import { protoRows } from '../../model/proto-rows.ts'
import { sizeText } from '../../model/units.ts'
import { addPointerTerm } from '../../services/pointer-term.ts'
import { useShownPart } from './shown-part.tsx'

/** Every message of one direction of a call. */
export function GrpcMessages({ messages, field }: { messages: readonly Readonly<Record<string, unknown>>[], field: string }): JSX.Element {
  const { shown, more } = useShownPart(messages)
  return (
    <ol className="messages">
      {shown.map((message, at) => (
        <li key={at}>
          <p className="quiet small">
            {at + 1}. {typeof message.type === 'string' ? message.type : 'without its type'} · {sizeText(Number(message.bytes ?? 0))}
            {typeof message.compressed === 'string' && ` · ${message.compressed}`}
            {message.truncated === true && <span className="tone-amber"> · cut off</span>}
            {typeof message.problem === 'string' && <span className="tone-amber"> · {message.problem}</span>}
          </p>
          <JsonView
            value={contentOf(message)}
            {...contentKey(message) === 'fields' && { rowsOf: protoRows }}
            onValue={(path, value, isExcluded) => addPointerTerm(`${field}[${at}].${contentKey(message)}`, path, value, isExcluded)}
          />
        </li>
      ))}
      {more}
    </ol>
  )
}

function contentKey(message: Readonly<Record<string, unknown>>): string {
  return ['value', 'fields', 'text', 'base64'].find((key) => message[key] !== undefined) ?? 'value'
}

function contentOf(message: Readonly<Record<string, unknown>>): unknown {
  return message[contentKey(message)] ?? null
}
