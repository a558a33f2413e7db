import type { JSX } from 'react'
import type { CatalogEntry } from '../../../../src/model/api.ts'
import { Nothing } from '../../components/nothing.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import { nounText } from '../../model/units.ts'
import { ask } from '../../services/api.ts'
import { useCell } from '../../services/cell.ts'
import { adjust, place } from '../../services/navigation.ts'
import { useRanged } from '../../services/ranged.ts'
import { ServiceApi } from './service-api.tsx'

/** What the services offer, as their traffic shows it. */
export function CatalogView(): JSX.Element {
  const { item } = useCell(place)
  const { value, failure } = useRanged('catalog', (query, signal) => ask('GET /api/v1/catalog', query, {}, signal))
  if (value === undefined || failure?.problem !== undefined) return <ViewFailure failure={failure} />
  const chosen = value.services.find((service) => service.id === item) ?? value.services[0]
  if (chosen === undefined) {
    return <Nothing title="No API was seen"><p className="quiet">Descriptions are made from requests of HTTP.</p></Nothing>
  }
  return (
    <div className="catalog">
      <nav className="catalog-services scroll" aria-label="Services">
        <ul>{value.services.map((service) => <ServiceItem key={service.id} service={service} isChosen={service === chosen} />)}</ul>
      </nav>
      <ServiceApi key={chosen.id} service={chosen} />
    </div>
  )
}

function ServiceItem({ service, isChosen }: { service: CatalogEntry, isChosen: boolean }): JSX.Element {
  return (
    <li>
      <button type="button" className={isChosen ? 'selected' : ''} aria-current={isChosen} onClick={() => adjust({ item: service.id })}>
        <span className="cut">{service.name}</span>
        <span className="quiet small">{nounText(service.operations, 'operation')} · {nounText(service.requests, 'request')}{service.errors > 0 && <span className="tone-red"> · {nounText(service.errors, 'error')}</span>}</span>
      </button>
    </li>
  )
}
