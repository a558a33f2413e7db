import type { JSX } from 'react'
import { Suspense, lazy, useState } from 'react'
import { Splitter } from '../../components/splitter.tsx'
import { useCell } from '../../services/cell.ts'
import { useKeys } from '../../services/keyboard.ts'
import { loadPart } from '../../services/loading.ts'
import { adjust, place } from '../../services/navigation.ts'
import { detailShare } from '../../services/settings.ts'
import { MessageList } from './message-list.tsx'

const DetailPane = lazy(() => loadPart(async () => ({ default: (await import('../detail/detail-pane.tsx')).DetailPane })))

/** Messages, and beside them (below, on a narrow page) the one that is selected. */
export function ListView(): JSX.Element {
  const { selected } = useCell(place)
  const share = useCell(detailShare)
  const [isFull, setFull] = useState(false)
  const close = (): void => {
    setFull(false)
    adjust({ selected: undefined })
    document.querySelector<HTMLElement>('.list-body')?.focus()
  }
  useKeys({
    'Escape': () => (selected === undefined ? false : close()),
    'f': () => (selected === undefined ? false : setFull(!isFull)),
  })
  const isOpen = selected !== undefined
  return (
    <div className={`split ${isOpen ? 'open' : ''} ${isOpen && isFull ? 'full' : ''}`} style={{ '--detail': `${share * 100}%` }}>
      <MessageList />
      {isOpen && <Splitter share={share} onChange={(next) => detailShare.set(next)} />}
      {isOpen && (
        <Suspense fallback={<aside className="detail" />}>
          <DetailPane id={selected} isFull={isFull} onFull={() => setFull(!isFull)} onClose={close} />
        </Suspense>
      )}
    </div>
  )
}
