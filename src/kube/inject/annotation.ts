import { MtlscopeError } from '../../base/errors.ts'

/** Names of annotations and labels of ours begin with it. */
export const PREFIX = 'mtlscope.io/'

/** One entry of a list in an annotation, and where it stands: both count from 1. */
export interface Entry { readonly text: string, readonly number: number, readonly character: number }

/** Entries between commas, without the space around them; empty ones do not count. */
export function entriesOf(list: string | undefined): Entry[] {
  const entries: Entry[] = []
  let at = 0
  for (const part of (list ?? '').split(',')) {
    const text = part.trim()
    if (text !== '') entries.push({ text, number: entries.length + 1, character: at + part.indexOf(text) + 1 })
    at += part.length + 1
  }
  return entries
}

/** 'bad-manifest' with the annotation, what of it is wrong, and where. */
export function badAnnotation(name: string, what: string, hint: string): MtlscopeError {
  return new MtlscopeError('bad-manifest', `annotation ${name} ${what}`, { hint, facts: { annotation: name } })
}

export function badEntry(name: string, { text, number, character }: Entry, hint: string): MtlscopeError {
  return badAnnotation(name, `has ${text} (entry ${number}, at character ${character})`, hint)
}

/** The value of an annotation; undefined where it is not there. Throws 'bad-manifest' for what is no text. */
export function annotationText(annotations: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(annotations, name) ? annotations[name] : undefined
  if (value === undefined || typeof value === 'string') return value
  throw badAnnotation(name, 'is not a text', 'put it in quotes')
}
