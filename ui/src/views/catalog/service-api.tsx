import type { JSX } from 'react'
import { useState } from 'react'
import type { CatalogEntry } from '../../../../src/model/api.ts'
import { JsonView } from '../../components/json-view.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import type { Operation } from '../../model/openapi.ts'
import { operationsOf } from '../../model/openapi.ts'
import { countText, durationText, nounText } from '../../model/units.ts'
import { visibleText } from '../../model/visible-text.ts'
import { ask, routeAddress } from '../../services/api.ts'
import { saveAddress } from '../../services/clipboard.ts'
import { place } from '../../services/navigation.ts'
import { useRanged } from '../../services/ranged.ts'

/** The OpenAPI description of one service. */
export function ServiceApi({ service }: { service: CatalogEntry }): JSX.Element {
  const { value, failure } = useRanged(`service ${service.id}`, (query, signal) => ask('GET /api/v1/catalog/:service', query, { service: service.id }, signal))
  const [isRaw, setRaw] = useState(false)
  if (value === undefined) return <div className="catalog-api"><ViewFailure failure={failure} /></div>
  const operations = operationsOf(value)
  return (
    <div className="catalog-api scroll" tabIndex={0} role="group" aria-label={`API of ${service.name}`}>
      <header className="catalog-head">
        <h2>{visibleText(service.name)}</h2>
        <span className="quiet">{nounText(operations.length, 'operation')}, inferred from {nounText(service.requests, 'request')}</span>
        <span className="grow" />
        <button type="button" className="button" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>OpenAPI</button>
        <button type="button" className="button" onClick={() => download(service.id)}>Download</button>
      </header>
      {isRaw ? <JsonView value={value} /> : operations.map((operation) => <OperationItem key={operation.key} operation={operation} />)}
    </div>
  )
}

function download(service: string): void {
  const { q, fromMicros, toMicros } = place.get()
  saveAddress(routeAddress('GET /api/v1/catalog/:service', { q, from: fromMicros, to: toMicros, download: 1 }, { service }))
}

function OperationItem({ operation }: { operation: Operation }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const { method, path, requests, errors, p95Micros, summary } = operation
  return (
    <section className="operation">
      <button type="button" className="operation-line" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className="quiet" aria-hidden="true">{isOpen ? '▾' : '▸'}</span>
        <span className="method mono">{method}</span>
        <span className="mono operation-path">{visibleText(path)}</span>
        <span className="quiet cut">{summary}</span>
        <span className="grow" />
        {requests !== undefined && <span className="quiet">{countText(requests)} ×</span>}
        {errors !== undefined && errors > 0 && <span className="tone-red">{nounText(errors, 'error')}</span>}
        {p95Micros !== undefined && <span className="quiet">p95 {durationText(p95Micros)}</span>}
      </button>
      {isOpen && <OperationBody operation={operation} />}
    </section>
  )
}

function OperationBody({ operation }: { operation: Operation }): JSX.Element {
  const { parameters, requestBody, responses } = operation
  return (
    <div className="operation-body">
      {parameters.length > 0 && (
        <table className="table">
          <thead><tr><th>Parameter</th><th>In</th><th>Type</th><th>Required</th></tr></thead>
          <tbody>
            {parameters.map((parameter) => (
              <tr key={`${parameter.where} ${parameter.name}`}><td className="mono">{visibleText(parameter.name)}</td><td>{parameter.where}</td><td>{parameter.type}</td><td>{parameter.isRequired ? 'yes' : 'no'}</td></tr>
            ))}
          </tbody>
        </table>
      )}
      {requestBody !== undefined && <><h3>Request body</h3><JsonView value={requestBody} /></>}
      {responses.map(({ status, what, content }) => (
        <div key={status}>
          <h3>{status} <span className="quiet">{what}</span></h3>
          {content !== undefined && <JsonView value={content} />}
        </div>
      ))}
    </div>
  )
}
