import type { JSX } from 'react'
import type { CaptureInfo, HealthAnswer } from '../../../../src/model/api.ts'
import { Advice } from '../../components/advice.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import { instantText } from '../../model/instant.ts'
import { countText, rateText, sizeText } from '../../model/units.ts'
import { useAnswer } from '../../services/answer.ts'
import { ask } from '../../services/api.ts'
import { capture } from '../../services/capture.ts'
import { useCell } from '../../services/cell.ts'
import { liveHealth } from '../../services/live.ts'
import { zone } from '../../services/settings.ts'
import { Nodes } from './nodes.tsx'

/** How far everything else can be trusted: what was looked for, found, lost, and what to do next. */
export function HealthView(): JSX.Element {
  const first = useAnswer('health', (signal) => ask('GET /api/v1/health', {}, {}, signal))
  const latest = useCell(liveHealth) ?? first.value
  const info = useCell(capture)
  if (latest === undefined) return <ViewFailure failure={first.failure} />
  return (
    <div className="page scroll" tabIndex={0} role="group" aria-label="Health">
      <section>
        <h2>What to know</h2>
        {latest.advice.length === 0 ? <p className="quiet">Nothing is wrong.</p> : <Advice advice={latest.advice} />}
      </section>
      {latest.nodes !== undefined && <Nodes nodes={latest.nodes} />}
      <Namespaces answer={latest} />
      <div className="page-columns">
        {info !== undefined && <CaptureFacts info={info} />}
        <Counts answer={latest} />
        <Losses answer={latest} />
        <Keeping answer={latest} />
        <Limits answer={latest} />
      </div>
    </div>
  )
}

function CaptureFacts({ info }: { info: CaptureInfo }): JSX.Element {
  const clock = useCell(zone)
  return (
    <section>
      <h2>Capture</h2>
      <FactList facts={[
        ...info.kind === 'live' ? [['Live', info.title] as const] : [],
        ['First message', info.firstMicros === undefined ? 'none yet' : instantText(info.firstMicros, clock)],
        ['Last message', info.lastMicros === undefined ? 'none yet' : instantText(info.lastMicros, clock)],
        ['Redacted', info.redaction.length === 0 ? 'nothing (--no-redact)' : info.redaction.join(', ')],
        ['Packets', info.packets ? 'kept beside the messages' : 'not kept'],
      ]}
      />
      <Files files={info.files} />
    </section>
  )
}

function Files({ files }: { files: CaptureInfo['files'] }): JSX.Element | null {
  if (files.length === 0) return null
  return (
    <dl className="facts">
      <div>
        <dt>{files.length === 1 ? 'File' : `${countText(files.length)} files`}</dt>
        <dd>
          <ul>
            {files.map(({ name, reading, readBytes, problem }) => (
              <li key={name}>
                {name}
                {reading && <span className="quiet"> reading, {sizeText(readBytes)} so far</span>}
                {problem !== undefined && <span className="tone-red"> {problem}</span>}
              </li>
            ))}
          </ul>
        </dd>
      </div>
    </dl>
  )
}

function Counts({ answer: { health, packetsPerSecond, messagesPerSecond, clients } }: { answer: HealthAnswer }): JSX.Element {
  return (
    <section>
      <h2>Seen</h2>
      <FactList facts={[
        ['Packets', withRate(health.packets, packetsPerSecond)],
        ['Bytes', sizeText(health.bytes)],
        ['Connections', countText(health.flows)],
        ['Messages', withRate(health.messages, messagesPerSecond)],
        ['Browsers that look', countText(clients)],
      ]}
      />
    </section>
  )
}

function withRate(count: number, perSecond: number): string {
  return perSecond === 0 ? countText(count) : `${countText(count)} (${rateText(perSecond)})`
}

function Losses({ answer: { health, droppedLines } }: { answer: HealthAnswer }): JSX.Element {
  const losses: readonly (readonly [string, number, string])[] = [
    ['Dropped by the kernel', health.droppedByKernel, 'the ring was full before the packets were looked at'],
    ['Bodies given up', health.droppedBodies, 'the store was slower than the traffic: details go first'],
    ['Messages given up', health.droppedMessages + droppedLines, 'the store was slower than the traffic'],
    ['Joined late', health.flowsJoinedLate, 'connections whose beginning was not captured'],
    ['Closed early', health.flowsEvicted, 'the table of connections was full'],
    ['Bytes never captured', health.bytesLost, `in ${countText(health.gaps)} holes`],
    ['Contradicting segments', health.overlapConflicts, 'bytes sent twice with another content; the first count'],
    ['Malformed packets', health.malformedPackets, 'break their own format'],
    ['Malformed streams', health.malformedBytes, 'places where peers break their protocol'],
    ['Unknown link types', health.unknownLink, 'frames without a decoder'],
    ['Fragments expired', health.fragmentsExpired, 'IP fragments whose rest never came'],
  ]
  return (
    <section>
      <h2>Lost or broken</h2>
      <dl className="facts">
        {losses.map(([name, count, why]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd><span className={count > 0 ? 'strong tone-amber' : 'quiet'}>{countText(count)}</span>{count > 0 && <span className="quiet"> {why}</span>}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Keeping({ answer: { keep } }: { answer: HealthAnswer }): JSX.Element {
  return (
    <section>
      <h2>Kept</h2>
      <FactList facts={[
        ['On disk', keep.sizeBytes === undefined ? sizeText(keep.usedBytes) : `${sizeText(keep.usedBytes)} of ${sizeText(keep.sizeBytes)}`],
        ['Age', keep.ageSeconds === undefined ? 'without limit' : `up to ${Math.round(keep.ageSeconds / 360) / 10} h`],
        ['Removed messages', keep.removedMessages === 0 ? 'none' : `${countText(keep.removedMessages)}, the oldest first`],
        ['Removed packets', keep.removedPacketBytes === 0 ? 'none' : sizeText(keep.removedPacketBytes)],
      ]}
      />
      {keep.problem !== undefined && <p className="tone-red">{keep.problem}</p>}
    </section>
  )
}

function Namespaces({ answer: { health } }: { answer: HealthAnswer }): JSX.Element | null {
  if (health.namespaces.length === 0 && health.refused.length === 0) return null
  return (
    <section>
      <h2>Namespaces</h2>
      <table className="table">
        <thead><tr><th>Namespace</th><th>Found as</th><th>Interfaces</th><th className="number">Packets</th><th className="number">Dropped</th><th>State</th></tr></thead>
        <tbody>
          {health.namespaces.map((one) => (
            <tr key={`${one.name} ${one.capture}`}>
              <td>{one.name}</td><td>{one.capture}</td><td>{one.interfaces.join(', ')}</td>
              <td className="number">{countText(one.packets)}</td><td className="number">{countText(one.droppedByKernel)}</td><td className="tone-green">✓ captured</td>
            </tr>
          ))}
          {health.refused.map((one) => (
            <tr key={`${one.name} ${one.why}`}><td>{one.name}</td><td /><td /><td /><td /><td className="tone-red">✕ not captured: {one.why}</td></tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Limits({ answer: { health } }: { answer: HealthAnswer }): JSX.Element | null {
  const limits = Object.entries(health.limits)
  if (limits.length === 0) return null
  return (
    <section>
      <h2>Bounds that were reached</h2>
      <FactList facts={limits.map(([name, count]) => [name, `${countText(count)} times`])} />
    </section>
  )
}

function FactList({ facts }: { facts: readonly (readonly [string, string])[] }): JSX.Element {
  return <dl className="facts">{facts.map(([name, value], at) => <div key={`${at} ${name}`}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
}
