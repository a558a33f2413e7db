import type { Cell } from './cell.ts'
import { createCell } from './cell.ts'

const PREFIX = 'mtlscope.'

/**
 * A cell whose value this browser keeps. `isValid` guards against what an older version wrote, or somebody's hand.
 * Where the browser keeps nothing (private windows), it lasts as long as the page.
 */
export function rememberedCell<T>(name: string, initial: T, isValid: (value: unknown) => value is T): Cell<T> {
  const cell = createCell(readValue(name, initial, isValid))
  cell.subscribe(() => {
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(cell.get()))
    } catch {
      // Nothing is lost but the memory of it.
    }
  })
  return cell
}

function readValue<T>(name: string, initial: T, isValid: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null')
    return isValid(value) ? value : initial
  } catch {
    return initial
  }
}

export function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean'
}
