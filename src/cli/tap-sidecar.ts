import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { MtlscopeError } from '../base/errors.ts'

const ANSWER_TIMEOUT_MS = 5000
const MAX_REASON_BYTES = 1000

/** The capture that the admin endpoint of a sidecar streams. Throws 'usage' for what is no address, else 'cannot-read' with its reason. */
export async function openSidecarTap(address: string, signal: AbortSignal): Promise<IncomingMessage> {
  if (!URL.canParse(`http://${address}/tap`) || !/:\d+$/.test(address)) {
    throw new MtlscopeError('usage', `'${address}' is not the address of an admin endpoint`, { hint: 'an address and port, such as 127.0.0.1:15000' })
  }
  const response = await ask(address, signal)
  if (response.statusCode === 200) return response
  const why = (await reason(response)).trim()
  throw new MtlscopeError('cannot-read', `cannot tap the sidecar at ${address}: ${why}`, {
    hint: response.statusCode === 403 ? 'set tap: true in its configuration; it reads the file again by itself' : 'see: mtlscope sidecar --help', facts: { address, status: String(response.statusCode) },
  })
}

function ask(address: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(`http://${address}/tap`, { agent: false, signal }, (response) => {
      request.setTimeout(0)
      resolve(response)
    })
    request.setTimeout(ANSWER_TIMEOUT_MS, () => request.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    request.on('error', (cause: NodeJS.ErrnoException) => reject(new MtlscopeError('cannot-read', `cannot tap the sidecar at ${address}: ${cause.code}`, {
      cause, hint: 'the admin endpoint is on the loopback of the sidecar\'s network namespace; try: nsenter -t PID -n', facts: { address },
    })))
  })
}

async function reason(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) {
    text += piece as string
    if (text.length > MAX_REASON_BYTES) break
  }
  return text
}
