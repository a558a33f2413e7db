import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FIXTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
/** Captures of other projects. Not part of this one: a clone has none. */
export const CAPTURES = fileURLToPath(new URL('../../../shared/captures/', import.meta.url))

export interface Fixture { readonly name: string, readonly path: string, readonly golden: string }

/** Our own captures of real peers, whose names start with `kind`. */
export function fixtures(kind: 'http1' | 'tls'): Fixture[] {
  return readdirSync(FIXTURES).filter((file) => file.startsWith(kind) && /\.pcap(ng)?$/.test(file)).toSorted().map((file) => {
    const name = file.replace(/\.pcap(ng)?$/, '')
    return { name, path: join(FIXTURES, file), golden: join(FIXTURES, `${name}.golden.json`) }
  })
}

/** Names of the captures that their index says are about `topic`; empty where the folder is absent. */
export function capturesAbout(topic: string): string[] {
  const index = join(CAPTURES, 'INDEX.tsv')
  if (!existsSync(index)) return []
  return readFileSync(index, 'utf8').split('\n').map((line) => line.split('\t')).filter((row) => row[3] === topic).map((row) => row[0]!)
}
