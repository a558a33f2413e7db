import type { JSX } from 'react'
import type { NodeHealth } from '../../../../src/model/api.ts'
import { instantText } from '../../model/instant.ts'
import { countText, rateText } from '../../model/units.ts'
import { useCell } from '../../services/cell.ts'
import { zone } from '../../services/settings.ts'

/** The nodes whose agents this hub asks; those that do not answer come first, as nothing of them is in any view. */
export function Nodes({ nodes }: { nodes: readonly NodeHealth[] }): JSX.Element {
  const clock = useCell(zone)
  const sorted = [...nodes].sort((a, b) => a.state.localeCompare(b.state) * -1 || a.name.localeCompare(b.name))
  const missing = nodes.filter((node) => node.state === 'missing').length
  return (
    <section>
      <h2>Nodes</h2>
      {nodes.length === 0 && <p className="quiet">No agent was found yet.</p>}
      {missing > 0 && <p className="tone-red">{countText(missing)} of {countText(nodes.length)} {missing === 1 ? 'does not answer: its traffic' : 'do not answer: their traffic'} is missing in every view.</p>}
      <table className="table">
        <thead><tr><th>Node</th><th className="number">Messages</th><th className="number">Packets</th><th>State</th></tr></thead>
        <tbody>
          {sorted.map((node) => (
            <tr key={node.name}>
              <td>{node.name}</td>
              <td className="number">{node.messages === undefined ? '–' : countText(node.messages)}</td>
              <td className="number">{node.packetsPerSecond === undefined ? '–' : rateText(node.packetsPerSecond)}</td>
              <td>{node.state === 'answers' ? <span className="tone-green">✓ answers{node.why !== undefined && <span className="tone-amber"> {node.why}</span>}</span> : <MissingState node={node} since={node.sinceMicros === undefined ? undefined : instantText(node.sinceMicros, clock)} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function MissingState({ node, since }: { node: NodeHealth, since: string | undefined }): JSX.Element {
  return <span className="tone-red">✕ no answer{since === undefined ? '' : ` since ${since}`}{node.why !== undefined && <span className="quiet"> {node.why}</span>}</span>
}
