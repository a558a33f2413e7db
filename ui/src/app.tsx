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
import { loadPart } from './services/loading.ts'
import { goToView, place } from './services/navigation.ts'
import { nextTheme } from './services/theme.ts'
import { ListView } from './views/list/list-view.tsx'

const LOADERS: Readonly<Record<Exclude<View, 'list'>, () => Promise<{ default: () => JSX.Element }>>> = {
  map: async () => ({ default: (await import('./views/map/map-view.tsx')).MapView }),
  check: async () => ({ default: (await import('./views/check/check-view.tsx')).CheckView }),
  statistics: async () => ({ default: (await import('./views/statistics/statistics-view.tsx')).StatisticsView }),
  catalog: async () => ({ default: (await import('./views/catalog/catalog-view.tsx')).CatalogView }),
  health: async () => ({ default: (await import('./views/health/health-view.tsx')).HealthView }),
}
const OTHERS = Object.fromEntries(Object.entries(LOADERS).map(([view, load]) => [view, lazy(() => loadPart(load))])) as Record<keyof typeof LOADERS, ReturnType<typeof lazy<() => JSX.Element>>>

const CompareDialog = lazy(() => loadPart(async () => ({ default: (await import('./views/compare/compare-dialog.tsx')).CompareDialog })))

/** Fetches the other views while nothing else is to be done, so that they open at once, also when mtlscope has gone away since. */
export function fetchViews(): void {
  const idle = typeof requestIdleCallback === 'function' ? requestIdleCallback : (run: () => void) => setTimeout(run, 1000)
  const [next, ...rest] = Object.values(LOADERS)
  const fetchNext = (load: typeof next, others: typeof rest): void => {
    // What cannot be fetched now is fetched when it is opened.
    idle(() => void load?.().catch(() => undefined).then(() => others.length > 0 && fetchNext(others[0], others.slice(1))))
  }
  fetchNext(next, rest)
}

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
      <main className="main">
        <div className="view" id="panel-views" role="tabpanel" aria-labelledby={`tab-views-${view}`}>
          <Boundary key={view}>
            {view === 'list' ? <ListView /> : <Suspense fallback={<div className="progress" role="progressbar" aria-label="Loading" />}><Other view={view} /></Suspense>}
          </Boundary>
        </div>
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
