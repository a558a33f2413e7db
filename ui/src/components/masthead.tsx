import type { JSX, ReactNode } from 'react'
import { capture, captureFailure } from '../services/capture.ts'
import { useCell } from '../services/cell.ts'
import { isFollowing } from '../services/list.ts'
import { connection } from '../services/live.ts'
import { goToView } from '../services/navigation.ts'
import { nextTheme, theme } from '../services/theme.ts'

/** Name of what is shown, the filter, whether it is live, and the theme. */
export function Masthead({ children, onHelp }: { children: ReactNode, onHelp: () => void }): JSX.Element {
  const info = useCell(capture)
  const chosen = useCell(theme)
  return (
    <div className="masthead-row">
      <h1 className="brand">
        <button type="button" className="button bare" onClick={() => goToView('list')} title="To the list">mtlscope</button>
        <span className="quiet" aria-hidden="true">▸</span>
        <span className="cut title" title={info?.title}>{info?.title ?? '…'}</span>
      </h1>
      {children}
      <LiveState />
      <button type="button" className="button bare" onClick={nextTheme} title={`Colours: ${chosen} (t)`} aria-label={`Colours: ${chosen}. Change`}>◐</button>
      <button type="button" className="button bare" onClick={onHelp} title="Keys (?)" aria-label="Keys">?</button>
    </div>
  )
}

function LiveState(): JSX.Element {
  const state = useCell(connection)
  const info = useCell(capture)
  const failure = useCell(captureFailure)
  const follows = useCell(isFollowing)
  if (failure?.code === 'forbidden') return <span className="live tone-red" role="status" title={failure.hint}>✕ no token</span>
  if (state === 'lost' || failure?.code === 'unreachable') {
    return <span className="live tone-red" role="status" title="mtlscope was stopped, or cannot be reached; asked again every second or two">✕ no answer</span>
  }
  if (info === undefined) return <span className="live quiet" role="status">…</span>
  const reading = info.files.find((file) => file.reading)
  if (reading !== undefined) return <span className="live tone-blue" role="status">reading {readShare(reading)}</span>
  if (info.kind === 'file') return <span className="live quiet" role="status" title="The whole file has been read">■ file</span>
  if (state === 'ended') return <span className="live quiet" role="status" title="The capture was stopped">■ stopped</span>
  return follows
    ? <span className="live tone-green" role="status" title="New messages are shown as they come (p pauses)">● live</span>
    : <span className="live tone-amber" role="status" title="New messages are counted, and the list stays where it is (p goes on)">❚❚ paused</span>
}

function readShare(file: { readonly readBytes: number, readonly totalBytes?: number }): string {
  return file.totalBytes === undefined || file.totalBytes === 0 ? '' : `${Math.floor(file.readBytes / file.totalBytes * 100)} %`
}
