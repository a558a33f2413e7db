import type { JSX } from 'react'
import type { JsonRecord } from '../../../../src/model/api.ts'
import type { SideName } from '../../model/half-sections.ts'
import { nounText } from '../../model/units.ts'
import { GrpcMessages } from './grpc-messages.tsx'
import { Half } from './half.tsx'
import { PrettyBody } from './pretty-body.tsx'

type Json = Readonly<Record<string, unknown>>

const SIDES: readonly SideName[] = ['request', 'response']

/** One message of a stream: what was said; of a call of gRPC its messages each way, of a WebSocket the text. */
export function StreamContent({ id, record }: { id: number, record: JsonRecord }): JSX.Element {
  return <>{SIDES.map((side) => record[side] !== undefined && <StreamSide key={side} id={id} record={record} side={side} />)}</>
}

function StreamSide({ id, record, side }: { id: number, record: JsonRecord, side: SideName }): JSX.Element {
  const half = record[side]!
  const messages = (half.grpc as { messages?: readonly Json[] } | undefined)?.messages
  if (record.protocol === 'websocket' && isObject(half.body)) return <div className="stream-side"><PrettyBody body={half.body} field={`${side}.body`} /></div>
  return (
    <div className="stream-side">
      {record.protocol !== 'websocket' && <SideName side={side} count={messages?.length} />}
      {messages === undefined ? <Half id={id} record={record} side={side} /> : <GrpcMessages messages={messages} field={`${side}.grpc.messages`} />}
    </div>
  )
}

function SideName({ side, count }: { side: SideName, count: number | undefined }): JSX.Element {
  return (
    <p className="small">
      {side === 'request' ? <span className="tone-blue">→ client to server</span> : <span className="tone-green">← server to client</span>}
      {count !== undefined && <span className="quiet"> · {nounText(count, 'message')}</span>}
    </p>
  )
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}
