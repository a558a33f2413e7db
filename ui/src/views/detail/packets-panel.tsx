import type { JSX } from 'react'
import { useMemo, useState } from 'react'
import type { MessageDetail, PacketInfo } from '../../../../src/model/api.ts'
import { exportMessages } from '../../components/export-menu.tsx'
import { HexView } from '../../components/hex-view.tsx'
import { parseBase64 } from '../../model/base64.ts'
import { addressText } from '../../model/endpoint.ts'
import { clockText } from '../../model/instant.ts'
import { useAnswer } from '../../services/answer.ts'
import { ask } from '../../services/api.ts'
import { useCell } from '../../services/cell.ts'
import { zone } from '../../services/settings.ts'

/** The frames that carried the message, and the bytes of each. */
export function PacketsPanel({ detail }: { detail: MessageDetail }): JSX.Element {
  const { id, client } = detail.row
  const [chosen, setChosen] = useState<number>()
  const { value, failure } = useAnswer(String(id), (signal) => ask('GET /api/v1/messages/:id/packets', {}, { id }, signal))
  if (failure !== undefined) {
    return <div className="pad"><p>{failure.message}</p><p className="quiet">{failure.hint}</p></div>
  }
  if (value === undefined) return <div className="progress" role="progressbar" aria-label="Loading" />
  const shown = value.packets.find((packet) => packet.number === chosen) ?? value.packets[0]
  return (
    <div className="packets">
      <div className="pad packets-tools">
        <button type="button" className="button" disabled={value.packets.length === 0} onClick={() => exportMessages('pcapng', [id])}>Save for Wireshark (pcapng)</button>
        <ul className="quiet small">{value.notes.map((note) => <li key={note}>{note}</li>)}</ul>
      </div>
      <div className="packet-list scroll" tabIndex={0} role="group" aria-label="Frames">
        <table className="table packet-table">
          <thead><tr><th className="number">Frame</th><th>Time</th><th>To</th><th>Flags</th><th className="number">Data</th><th className="number">Wire</th></tr></thead>
          <tbody>
            {value.packets.map((packet) => (
              <PacketRow key={packet.number} packet={packet} isFromClient={packet.from.ip === client.ip && packet.from.port === client.port} isChosen={packet === shown} onChoose={setChosen} />
            ))}
          </tbody>
        </table>
      </div>
      {value.more && <p className="quiet pad">There are more; the file has all of them.</p>}
      {shown !== undefined && <PacketBytes packet={shown} />}
    </div>
  )
}

function PacketRow({ packet, isFromClient, isChosen, onChoose }: {
  packet: PacketInfo, isFromClient: boolean, isChosen: boolean, onChoose: (number: number) => void,
}): JSX.Element {
  const clock = useCell(zone)
  return (
    <tr className={isChosen ? 'selected' : ''}>
      <td className="number"><button type="button" className="link" aria-pressed={isChosen} onClick={() => onChoose(packet.number)}>{packet.fileNumber ?? packet.number}</button></td>
      <td className="mono quiet">{clockText(packet.atMicros, clock)}</td>
      <td title={`${addressText(packet.from)} → ${addressText(packet.to)}`}>
        <span className={isFromClient ? 'tone-blue' : 'tone-green'}>{isFromClient ? '→ server' : '← client'}</span> <span className="quiet">{addressText(packet.to)}</span>
      </td>
      <td className="small">{packet.flags}</td>
      <td className="number">{packet.payloadBytes}</td>
      <td className="number">{packet.wireBytes}</td>
    </tr>
  )
}

function PacketBytes({ packet }: { packet: PacketInfo }): JSX.Element {
  const bytes = useMemo(() => parseBase64(packet.base64), [packet])
  return (
    <>
      <h3 className="pad">Frame {packet.fileNumber ?? packet.number}{bytes.length < packet.wireBytes && <span className="quiet"> · the first {bytes.length} bytes of {packet.wireBytes}</span>}</h3>
      <HexView bytes={bytes} />
    </>
  )
}
