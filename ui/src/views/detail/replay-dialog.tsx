import type { JSX } from 'react'
import { useState } from 'react'
import type { ConfirmAnswer, MessageDetail, ReplayAnswer, ReplayRequest } from '../../../../src/model/api.ts'
import { Dialog } from '../../components/dialog.tsx'
import { DiffView } from '../../components/diff-view.tsx'
import { durationText, sizeText } from '../../model/units.ts'
import { failureOf } from '../../services/answer.ts'
import type { ApiFailure } from '../../services/api.ts'
import { tell } from '../../services/api.ts'
import { GrpcMessages } from './grpc-messages.tsx'
import { PrettyBody } from './pretty-body.tsx'
import type { ReplayDraft } from './replay-draft.ts'
import { draftOf, requestOf } from './replay-draft.ts'

type Step =
  | { readonly at: 'edit' }
  | { readonly at: 'confirm', readonly request: ReplayRequest, readonly confirm: ConfirmAnswer }
  | { readonly at: 'sending' }
  | { readonly at: 'answer', readonly answer: ReplayAnswer }

/** Edit, confirm where it goes, send, compare. */
export function ReplayDialog({ detail, onClose }: { detail: MessageDetail, onClose: () => void }): JSX.Element {
  const [draft, setDraft] = useState(() => draftOf(detail.record))
  const [step, setStep] = useState<Step>({ at: 'edit' })
  const [failure, setFailure] = useState<ApiFailure>()
  const attempt = (work: Promise<Step>): void => {
    setFailure(undefined)
    work.then(setStep).catch((error: unknown) => {
      setFailure(failureOf(error))
      setStep({ at: 'edit' })
    })
  }
  const ask = (): void => {
    const request = requestOf(detail.row.id, draft)
    attempt(tell('POST /api/v1/replay/confirm', request).then((confirm) => ({ at: 'confirm', request, confirm })))
  }
  const send = (request: ReplayRequest, token: string): void => {
    setStep({ at: 'sending' })
    attempt(tell('POST /api/v1/replay', { ...request, token }).then((answer) => ({ at: 'answer', answer })))
  }
  return (
    <Dialog title={`Replay to ${detail.replay?.target ?? ''}`} onClose={onClose} wide>
      {failure !== undefined && <p className="tone-red" role="alert">{failure.message}{failure.hint !== undefined && <span className="quiet"> – {failure.hint}</span>}</p>}
      {step.at === 'edit' && <Editor draft={draft} onChange={setDraft} onNext={ask} />}
      {step.at === 'confirm' && <Confirm confirm={step.confirm} onBack={() => setStep({ at: 'edit' })} onSend={() => send(step.request, step.confirm.token)} />}
      {step.at === 'sending' && <div className="progress" role="progressbar" aria-label="Sending" />}
      {step.at === 'answer' && <Answer answer={step.answer} onAgain={() => setStep({ at: 'edit' })} />}
    </Dialog>
  )
}

function Editor({ draft, onChange, onNext }: { draft: ReplayDraft, onChange: (draft: ReplayDraft) => void, onNext: () => void }): JSX.Element {
  const set = (change: Partial<ReplayDraft>): void => onChange({ ...draft, ...change })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        onNext()
      }}
    >
      <div className="form-row">
        <label>Method<input className="field mono" value={draft.method} onChange={(event) => set({ method: event.target.value })} /></label>
        <label className="grow">Path<input className="field mono" value={draft.path} onChange={(event) => set({ path: event.target.value })} /></label>
      </div>
      <label>Headers, one a line<textarea className="field" rows={8} value={draft.headers} spellCheck={false} onChange={(event) => set({ headers: event.target.value })} /></label>
      <label>Body<textarea className="field" rows={8} value={draft.body} spellCheck={false} onChange={(event) => set({ body: event.target.value })} /></label>
      <p className="quiet small">
        {draft.redacted > 0 && `${draft.redacted} redacted ${draft.redacted === 1 ? 'header is' : 'headers are'} left out; write them anew where they are needed. `}
        {draft.isBodyKept && 'The body is not text, and goes as it was unless something is written. '}
        It is sent once, to the address it was captured on, and to no other.
      </p>
      <footer><button type="submit" className="button primary">Next: confirm</button></footer>
    </form>
  )
}

function Confirm({ confirm, onBack, onSend }: { confirm: ConfirmAnswer, onBack: () => void, onSend: () => void }): JSX.Element {
  return (
    <div className="form">
      <p>This sends a real request to <strong>{confirm.target}</strong>:</p>
      <pre className="wrap mono">{confirm.summary}</pre>
      <ul className="tone-amber">{confirm.warnings.map((text) => <li key={text}>! {text}</li>)}</ul>
      <footer>
        <button type="button" className="button" onClick={onBack}>Back</button>
        <button type="button" className="button danger" autoFocus onClick={onSend}>Send to {confirm.target}</button>
      </footer>
    </div>
  )
}

function outcomeText({ diff }: ReplayAnswer): string {
  const changed = diff.filter((line) => line.kind !== 'same')
  if (changed.some((line) => line.expected !== true)) return 'the answer differs from the captured one'
  return changed.length === 0 ? 'the same answer as captured' : 'the same answer as captured, but for headers that always change'
}

function Answer({ answer, onAgain }: { answer: ReplayAnswer, onAgain: () => void }): JSX.Element {
  return (
    <div className="form">
      <p><strong>{answer.status}</strong> · {durationText(answer.elapsedMicros)} · {sizeText(answer.bodyBytes)} · {outcomeText(answer)}</p>
      <DiffView lines={answer.diff} before="captured" after="now" />
      {answer.body !== undefined && <details><summary>The new body</summary><PrettyBody body={answer.body} field="response.body" /></details>}
      {Array.isArray(answer.grpc?.messages) && answer.grpc.messages.length > 0 && <details><summary>The new message</summary><GrpcMessages messages={answer.grpc.messages as Readonly<Record<string, unknown>>[]} field="response.grpc.messages" /></details>}
      <footer><button type="button" className="button" onClick={onAgain}>Edit and send again</button></footer>
    </div>
  )
}
