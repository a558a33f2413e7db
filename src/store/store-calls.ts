import type { FilterProblem } from '../model/api.ts'
import type { RecordStore } from './record-store.ts'
import type { Keep } from './keep.ts'

/** What the thread of a store is started with. */
export interface StoreSetup { readonly path: string, readonly run: string, readonly keep: Keep }

/** Methods of the store that can be called across the threads. */
export type StoreMethod = 'page' | 'newer' | 'records' | 'batch' | 'witnesses' | 'connection' | 'values' | 'edges' | 'series' | 'unjoined' | 'decided' | 'join' | 'info' | 'part' | 'identity'

export type StoreArguments<M extends StoreMethod> = Parameters<RecordStore[M]>
export type StoreAnswer<M extends StoreMethod> = Awaited<ReturnType<RecordStore[M]>>

/** Main thread to store thread. */
export type StoreCall =
  | { readonly kind: 'call', readonly id: number, readonly method: StoreMethod, readonly args: readonly unknown[] }
  | { readonly kind: 'add', readonly id: number, readonly lines: Uint8Array }
  | { readonly kind: 'close' }

/** Store thread to main thread. */
export type StoreReport =
  | { readonly kind: 'answer', readonly id: number, readonly value: unknown }
  | { readonly kind: 'failed', readonly id: number, readonly message: string, readonly problem?: FilterProblem }
  /** These batches are in the database. */
  | { readonly kind: 'added', readonly ids: readonly number[] }
  | { readonly kind: 'changed' }
  | { readonly kind: 'opened' }
  | { readonly kind: 'closed' }
