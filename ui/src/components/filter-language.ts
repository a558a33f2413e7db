import type { StreamParser } from '@codemirror/language'
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { tags } from '@lezer/highlight'

/** Only for colours: what is right is for the hub to say. */
const parser: StreamParser<null> = {
  startState: () => null,
  token: (stream) => {
    if (stream.eatSpace()) return null
    if (stream.match(/^r?"(?:[^"\\]|\\.)*"?/) !== null || stream.match(/^r?'(?:[^'\\]|\\.)*'?/) !== null) return 'string'
    if (stream.match(/^\d+(\.\d+)?\b/) !== null) return 'number'
    if (stream.match(/^(and|or|not|in|true|false|null|nil)\b/) !== null) return 'keyword'
    if (stream.match(/^[A-Za-z_]\w*(?=\()/) !== null) return 'function'
    if (stream.match(/^[A-Za-z_]\w*/) !== null) return 'variableName'
    if (stream.match(/^(&&|\|\||==|!=|<=|>=|[<>!+\-*/%?:])/) !== null) return 'operator'
    stream.next()
    return null
  },
  tokenTable: { function: tags.function(tags.variableName) },
}

const colours = HighlightStyle.define([
  { tag: tags.string, color: 'var(--green)' },
  { tag: tags.number, color: 'var(--amber)' },
  { tag: tags.keyword, color: 'var(--blue)' },
  { tag: tags.operator, color: 'var(--quiet)' },
  { tag: tags.function(tags.variableName), color: 'var(--blue)' },
])

export const filterLanguage = [StreamLanguage.define(parser), syntaxHighlighting(colours)]
