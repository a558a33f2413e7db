import type { CaptureInfo } from '../../../src/model/api.ts'
import { failureOf } from './answer.ts'
import type { ApiFailure } from './api.ts'
import { ask } from './api.ts'
import type { Cell } from './cell.ts'
import { createCell } from './cell.ts'
import { connection, reconnections } from './live.ts'

export const capture: Cell<CaptureInfo | undefined> = createCell<CaptureInfo | undefined>(undefined)
export const captureFailure: Cell<ApiFailure | undefined> = createCell<ApiFailure | undefined>(undefined)

const POLL_MS = 1000

/** Learns what is shown, and follows it until a file has been read. */
export function watchCapture(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = (): void => {
    clearTimeout(timer)
    ask('GET /api/v1/capture', {}).then((info) => {
      captureFailure.set(undefined)
      capture.set(info)
      document.title = `${info.title} · mtlscope`
      if (info.files.some((file) => file.reading)) timer = setTimeout(look, POLL_MS)
    }).catch((error: unknown) => {
      captureFailure.set(failureOf(error))
      timer = setTimeout(look, POLL_MS)
    })
  }
  reconnections.subscribe(look)
  connection.subscribe(() => connection.get() === 'ended' && look())
  look()
}
