import type { JSX } from 'react'
import { Suspense, lazy, useState } from 'react'
import { Announcer } from './components/announcer.tsx'
import { Boundary } from './components/boundary.tsx'
import { FilterBar } from './components/filter-bar.tsx'
import { KeysHelp } from './components/keys-help.tsx'
import { Masthead } from './components/masthead.tsx'
import { StatusLine } from './components/status-line.tsx'
import { ViewBar, toggleHops } from './components/view-bar.tsx'
import type { View } from './model/place.ts'
import { useCell } from './services/cell.ts'
import { useKeys } from './services/keyboard.ts'
import { goToView, place } from './services/navigation.ts'
import { nextTheme } from './services/theme.ts'
import { ListView } from './views/list/list-view.tsx'

const OTHERS: Readonly<Record<Exclude<View, 'list'>, ReturnType<typeof lazy<() => JSX.Element>>>> = {
  map: lazy(async () => ({ default: (await import('./views/map/map-view.tsx')).MapView })),
  check: lazy(async () => ({ default: (await import('./views/check/check-view.tsx')).CheckView })),
  statistics: lazy(async () => ({ default: (await import('./views/statistics/statistics-view.tsx')).StatisticsView })),
  catalog: lazy(async () => ({ default: (await import('./views/catalog/catalog-view.tsx')).CatalogView })),
  health: lazy(async () => ({ default: (await import('./views/health/health-view.tsx')).HealthView })),
}

const CompareDialog = lazy(async () => ({ default: (await import('./views/compare/compare-dialog.tsx')).CompareDialog }))

/** The page: one filter for all views above, how complete the capture is below. */
export function App(): JSX.Element {
  const { view, compare } = useCell(place)
  const [isHelpOpen, setHelpOpen] = useState(false)
  useKeys({
    '?': () => setHelpOpen(true),
    'g l': () => goToView('list'),
    'g m': () => goToView('map'),
    'g c': () => goToView('check'),
    'g s': () => goToView('statistics'),
    'g a': () => goToView('catalog'),
    'g h': () => goToView('health'),
    't': nextTheme,
    'a': toggleHops,
  })
  return (
    <div className="shell">
      <header className="masthead">
        <Masthead onHelp={() => setHelpOpen(true)}>
          <FilterBar />
        </Masthead>
        <ViewBar />
      </header>
      <main className="main" id={`panel-views`} role="tabpanel" aria-labelledby={`tab-views-${view}`}>
        <Boundary key={view}>
          {view === 'list' ? <ListView /> : <Suspense fallback={<div className="progress" role="progressbar" aria-label="Loading" />}><Other view={view} /></Suspense>}
        </Boundary>
      </main>
      <StatusLine />
      {isHelpOpen && <KeysHelp onClose={() => setHelpOpen(false)} />}
      {compare !== undefined && <Suspense fallback={null}><CompareDialog pair={compare} /></Suspense>}
      <Announcer />
    </div>
  )
}

function Other({ view }: { view: Exclude<View, 'list'> }): JSX.Element {
  const Shown = OTHERS[view]
  return <Shown />
}
