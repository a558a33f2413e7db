import { LineCounter, isNode, isPair, parseDocument } from 'yaml'
import type { Document, Node } from 'yaml'
import type { SidecarPlan } from '../sidecar-plan.ts'
import type { Machine } from './defaults.ts'
import { planOfFile } from './file-plan.ts'
import { Problems } from './problem.ts'
import { SIDECAR_SCHEMA } from './schema.ts'
import { checkShape } from './shape.ts'
import type { SidecarFile } from './sidecar-file.ts'

/** Reads `mtlscope.yaml`. Throws ConfigError with every problem, each with line and column; `file` is only its name in these. */
export function parseSidecarYaml(text: string, file: string, machine: Machine): SidecarPlan {
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: false })
  const problems = new Problems(lines)
  for (const { message, pos } of doc.errors) problems.atOffset(pos[0], sentence(message))
  problems.throwIfAny(file)
  checkShape(doc.contents, SIDECAR_SCHEMA, doc, problems)
  problems.throwIfAny(file)
  const plan = planOfFile(valueOf(doc, problems, file), machine, (path, message, hint) => problems.at(nodeAt(doc, path), message, hint))
  problems.throwIfAny(file)
  return plan
}

function valueOf(doc: Document, problems: Problems, file: string): SidecarFile {
  try {
    return doc.toJS() as SidecarFile
  } catch (error) {
    // Aliases without an anchor, or so many that they would not fit into memory.
    problems.atOffset(0, sentence((error as Error).message))
    problems.throwIfAny(file)
    throw error
  }
}

/** The value at a path, or where there is none the nearest that holds it. Ports are numbers in the file. */
function nodeAt(doc: Document, path: readonly (string | number)[]): Node | null {
  for (let length = path.length; length > 0; length--) {
    const keys = path.slice(0, length)
    const found = doc.getIn(keys, true) ?? doc.getIn(keys.map((key) => /^\d+$/.test(String(key)) ? Number(key) : key), true)
    if (isNode(found)) return found
    if (isPair(found) && isNode(found.value)) return found.value
  }
  return doc.contents
}

function sentence(text: string): string {
  const first = text.split('\n')[0]!.trim().replace(/[.:]$/, '')
  return first.charAt(0).toLowerCase() + first.slice(1)
}
