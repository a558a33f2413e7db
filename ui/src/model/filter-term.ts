export type FilterValue = string | number | boolean | null

/** `status_code == 404`; a string as a literal of CEL, which JSON's are. */
export function filterTerm(field: string, value: FilterValue, isExcluded: boolean): string {
  if (value === true && !field.includes('[') && !field.includes('.')) return isExcluded ? `!${field}` : field
  return `${field} ${isExcluded ? '!=' : '=='} ${value === null ? 'null' : literal(value)}`
}

/** `request.headers["Accept"]`. */
export function memberOf(field: string, name: string): string {
  return `${field}[${literal(name)}]`
}

/** The filter with one more condition; what is there already is not said twice. */
export function withTerm(q: string, term: string): string {
  const old = q.trim()
  if (old === '' || old === term) return term
  const added = needsParentheses(term) ? `(${term})` : term
  if (old.split('&&').some((part) => part.trim() === added)) return old
  return `${needsParentheses(old) ? `(${old})` : old} && ${added}`
}

/** `||`, `or` and `?:` bind weaker than `&&`. Those within a literal or parentheses do not matter, and are not worth a parser. */
function needsParentheses(q: string): boolean {
  return /\|\||\?|\bor\b/.test(q.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""'))
}

function literal(value: string | number | boolean): string {
  return JSON.stringify(value)
}
