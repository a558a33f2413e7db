import { API_PREFIX } from '../../../src/model/api.ts'

/**
 * Takes the token out of the address (`#token=…`), where it is never sent to anyone, and has the hub make a cookie of it: an EventSource and a download
 * send no headers of their own. Without a token there is nothing to do.
 */
export async function openSession(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return
  await fetch(`${API_PREFIX}/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
  history.replaceState(null, '', location.pathname + location.search)
}
