import { randomInt } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** `store` is drawn when the database is made. `slot`: number given to it by whoever merges it with others. */
export interface StoreIdentity { readonly store: number, readonly slot?: number }

/** Which store this is, also when it is opened again. @param slot what it is known by elsewhere from now on */
export function storeIdentity(db: DatabaseSync, slot?: number): StoreIdentity {
  db.prepare('INSERT OR IGNORE INTO facts VALUES(\'store\', ?)').run(randomInt(2 ** 47))
  if (slot !== undefined) db.prepare('INSERT OR REPLACE INTO facts VALUES(\'slot\', ?)').run(slot)
  const facts = new Map(db.prepare('SELECT name, value FROM facts WHERE name IN (\'store\', \'slot\')').all().map(({ name, value }) => [String(name), Number(value)]))
  const known = facts.get('slot')
  return { store: facts.get('store')!, ...(known !== undefined && { slot: known }) }
}
