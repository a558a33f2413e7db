import type { Connection } from './connection.ts'

/** Everything that is open, in no order; taking one out costs the same however many there are. */
export class ConnectionList {
  readonly items: Connection[] = []

  add(connection: Connection): void {
    connection.index = this.items.length
    this.items.push(connection)
  }

  /** The last one takes its place: whoever walks the list meanwhile walks it backwards. */
  remove(connection: Connection): void {
    const last = this.items.pop()!
    if (last === connection) return
    this.items[connection.index] = last
    last.index = connection.index
  }
}
