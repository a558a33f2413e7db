import type { JSX } from 'react'
import { useEffect, useState } from 'react'
import { HexView } from '../../components/hex-view.tsx'
import { TextView } from '../../components/text-view.tsx'
import { hexText } from '../../model/hex-rows.ts'
import type { SideName } from '../../model/half-sections.ts'
import { rasterType } from '../../model/raster-type.ts'
import { sizeText } from '../../model/units.ts'
import { useAnswer } from '../../services/answer.ts'
import { askBytes } from '../../services/api.ts'
import { copyText, saveFile } from '../../services/clipboard.ts'
import { PrettyBody } from './pretty-body.tsx'

type Body = Readonly<Record<string, unknown>>
const MODES = ['pretty', 'raw', 'hex'] as const
type Mode = (typeof MODES)[number]

/** The mode last chosen holds for the next message, too. */
let lastMode: Mode = 'pretty'

/** A body in the form that tells most, as text, or as bytes. Never as what it claims to be: HTML and SVG are text here. */
export function BodyView({ body, id, side }: { body: Body, id: number, side: SideName }): JSX.Element {
  const [mode, setMode] = useState<Mode>(lastMode)
  const isBinary = typeof body.base64 === 'string'
  const needsBytes = mode !== 'pretty' || isBinary
  const bytes = useAnswer(needsBytes ? `${id} ${side}` : undefined, (signal) => askBytes('GET /api/v1/messages/:id/body/:side', {}, { id, side }, signal))
  const choose = (next: Mode): void => {
    lastMode = next
    setMode(next)
  }
  return (
    <div className="body">
      <div className="body-tools" role="toolbar" aria-label="Form of the body">
        {MODES.map((key) => <button key={key} type="button" className="button bare" aria-pressed={key === mode} onClick={() => choose(key)}>{key}</button>)}
        <span className="grow" />
        <span className="quiet small">{factsOf(body)}</span>
        <CopyBody body={body} bytes={bytes.value} mode={mode} />
      </div>
      {bytes.failure !== undefined && needsBytes && <p className="tone-red" role="alert">{bytes.failure.message}</p>}
      {mode === 'pretty' && (isBinary ? <BinaryBody bytes={bytes.value} /> : <PrettyBody body={body} field={`${side}.body`} />)}
      {mode === 'raw' && bytes.value !== undefined && <TextView text={new TextDecoder().decode(bytes.value)} />}
      {mode === 'hex' && bytes.value !== undefined && <HexView bytes={bytes.value} />}
    </div>
  )
}

function BinaryBody({ bytes }: { bytes: Uint8Array | undefined }): JSX.Element {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    const type = bytes === undefined ? undefined : rasterType(bytes)
    if (bytes === undefined || type === undefined) {
      setAddress(undefined)
      return
    }
    const made = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }))
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [bytes])
  if (bytes === undefined) return <div className="progress" role="progressbar" aria-label="Loading the body" />
  if (address === undefined) return <HexView bytes={bytes} />
  return <img className="picture" src={address} alt="The body, a picture" />
}

function CopyBody({ body, bytes, mode }: { body: Body, bytes: Uint8Array | undefined, mode: Mode }): JSX.Element {
  const text = (): string => {
    if (mode === 'hex' && bytes !== undefined) return hexText(bytes)
    if (mode === 'raw' && bytes !== undefined) return new TextDecoder().decode(bytes)
    const content = body.json ?? body.form ?? body.parts ?? body.events ?? body.protobuf ?? body.text ?? body.base64
    return typeof content === 'string' ? content : JSON.stringify(content, undefined, 2)
  }
  return (
    <>
      <button type="button" className="button bare" onClick={() => void copyText(text(), 'the body')}>Copy</button>
      {bytes !== undefined && <button type="button" className="button bare" onClick={() => saveFile('body.bin', new Blob([bytes as Uint8Array<ArrayBuffer>]))}>Save</button>}
    </>
  )
}

function factsOf(body: Body): string {
  return [
    typeof body.charset === 'string' ? body.charset : '',
    typeof body.encoding === 'string' ? `${body.encoding} undone` : '',
    typeof body.undecoded === 'string' ? `not decoded: ${body.undecoded}` : '',
    typeof body.decodedBytes === 'number' ? sizeText(body.decodedBytes) : '',
    body.truncated === true ? 'only the first part was kept' : '',
    ...Array.isArray(body.notes) ? body.notes.map(String) : [],
  ].filter((text) => text !== '').join(' · ')
}
