import type { JSX } from 'react'
import { Fragment } from 'react'
import type { RequestHop, RequestWay } from '../../../../src/model/api.ts'
import { verdictShown } from '../../model/verdict-look.ts'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { addressText, endpointText } from '../../model/endpoint.ts'
import { visibleText } from '../../model/visible-text.ts'
import { selectMessage } from '../../services/list.ts'

/** The way of one request: `web ─ sidecar ═ sidecar ─ cart`. */
export function Hops({ hops, notes, way }: { hops: readonly RequestHop[], notes: readonly string[], way: RequestWay | undefined }): JSX.Element | null {
  const [first] = hops
  if (first === undefined) return null
  return (
    <div className="hops" role="group" aria-label="Hops of this request">
      <Stop name={way?.from ?? placeOf(hops, 0) ?? endpointText(first.client)} title={addressText(first.client)} />
      {hops.map((hop, at) => (
        <Fragment key={`${at} ${hop.kind}`}>
          <HopLink hop={hop} />
          <Stop name={stopName(hops, at, way?.to)} title={addressText(hop.server)} />
        </Fragment>
      ))}
      {notes.length > 0 && <ul className="quiet small hop-notes">{notes.map((note) => <li key={note}>{note}</li>)}</ul>}
    </div>
  )
}

function Stop({ name, title }: { name: string, title: string }): JSX.Element {
  return <span className="stop cut" title={title}>{visibleText(name)}</span>
}

/** Between two hops stands the proxy that ends the one and opens the other. */
function stopName(hops: readonly RequestHop[], at: number, to: string | undefined): string {
  const hop = hops[at]!
  const next = hops[at + 1]
  if (next !== undefined && hop.kind !== next.kind) return 'sidecar'
  return next === undefined ? to ?? placeOf(hops, at) ?? endpointText(hop.server) : endpointText(hop.server)
}

/** On a loopback addresses say little: whose it is, says more. */
function placeOf(hops: readonly RequestHop[], at: number): string | undefined {
  const { kind, seenIn } = hops[at]!
  return hops.length > 1 && kind === 'clear' ? seenIn[0] : undefined
}

function HopLink({ hop }: { hop: RequestHop }): JSX.Element {
  const verdict = hop.kind === 'tls' ? hop.tls?.verdict ?? 'tls' : hop.kind === 'plain' ? 'plaintext' : 'clear'
  const title = [verdictShown(verdict).text, ...hop.seenIn.map((name) => `seen in ${name}`)].join(' · ')
  const message = hop.messages[0]
  if (message === undefined) return <span className="hop" title={title}><VerdictSign verdict={verdict} /></span>
  return (
    <button type="button" className="hop" title={`${title} · to the message of this hop`} onClick={() => void selectMessage(message)}>
      <VerdictSign verdict={verdict} />
    </button>
  )
}
