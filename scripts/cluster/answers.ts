import { existsSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

const TIMEOUT_MS = 2000

/** Whether a URL answers 200, or a file is there. Certificates are not looked at: it is asked within one namespace. */
export function answers(what: string): Promise<boolean> {
  if (what.startsWith('/')) return Promise.resolve(existsSync(what))
  return new Promise((resolve) => {
    const secure = what.startsWith('https:')
    const request = (secure ? httpsRequest : httpRequest)(what, { timeout: TIMEOUT_MS, agent: false, ...secure && { rejectUnauthorized: false } })
    request.once('response', (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(false))
    request.once('close', () => resolve(false))
    request.end()
  })
}
