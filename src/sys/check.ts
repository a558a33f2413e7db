/** What a thing is needed for: `machine` is for information, `tap` and `demo` for those commands, `optional` for a part of them. */
export type CheckGroup = 'machine' | 'tap' | 'demo' | 'optional'

/** One thing that the program asks of this machine. */
export interface Check {
  /** Key in JSON: `packet-ring`. */
  name: string
  group: CheckGroup
  /** Without it `tap` cannot capture live at all. */
  required: boolean
  /** `failed`: something that is needed is not there. `absent`: a convenience is not there. */
  state: 'ok' | 'failed' | 'absent'
  found: string
  purpose: string
  /** What to do where it is not `ok`: a command, or a sentence. */
  fix?: string
}

export type CheckFields = Omit<Check, 'required' | 'state'> & { required?: boolean }

export function ok(fields: CheckFields): Check {
  const { fix: _, ...rest } = fields
  return { ...rest, required: fields.required ?? false, state: 'ok' }
}

export function failed(fields: CheckFields): Check {
  return { ...fields, required: fields.required ?? false, state: 'failed' }
}

export function absent(fields: CheckFields): Check {
  return { ...fields, required: false, state: 'absent' }
}
