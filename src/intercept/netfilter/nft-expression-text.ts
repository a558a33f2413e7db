import { isObject } from './json-value.ts'

/** An expression nearly as nft writes it. */
export function nftExpressionText(value: unknown): string {
  if (Array.isArray(value)) return value.map(nftExpressionText).join(', ')
  if (!isObject(value)) return String(value)
  const [key = '', inner] = Object.entries(value)[0] ?? []
  if (key === 'match' && isObject(inner)) return `${nftExpressionText(inner.left)} ${inner.op === '==' || inner.op === 'in' ? '' : `${String(inner.op)} `}${nftExpressionText(inner.right)}`
  if (key === 'payload' && isObject(inner)) return `${String(inner.protocol)} ${String(inner.field)}`
  if ((key === 'meta' || key === 'ct') && isObject(inner)) return `${key} ${String(inner.key)}`
  if (key === 'set' || key === 'elem') return `{ ${nftExpressionText(inner)} }`
  if (key === 'prefix' && isObject(inner)) return `${String(inner.addr)}/${String(inner.len)}`
  if (key === 'range' && Array.isArray(inner)) return inner.map(String).join('-')
  if (key === 'mangle' && isObject(inner)) return `${nftExpressionText(inner.key)} set ${nftExpressionText(inner.value)}`
  if ((key === '&' || key === '|' || key === '^') && Array.isArray(inner)) return inner.map(nftExpressionText).join(` ${key} `)
  if ((key === 'jump' || key === 'goto') && isObject(inner)) return `${key} ${String(inner.target)}`
  if (key === 'redirect' || key === 'tproxy') return `${key} to :${isObject(inner) ? nftExpressionText(inner.port) : ''}`
  return inner === null || inner === undefined ? key : `${key} ${isObject(inner) ? JSON.stringify(inner) : nftExpressionText(inner)}`
}
