import type * as Library from '@peculiar/x509'
import { provideMetadata } from './metadata.ts'

provideMetadata()

/** The library. Imported here only, and not by a static import: a bundler may move that in front of what the library needs to load. */
export const x509: typeof Library = await import('@peculiar/x509')
