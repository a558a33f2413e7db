import { execFileSync, spawnSync } from 'node:child_process'

/** A node of what tshark says of a packet: https://wiki.wireshark.org/PDML. */
export interface Field {
  readonly name: string
  /** For people: `Status Code: 200`. */
  readonly label: string
  readonly show: string
  /** The bytes, in hexadecimal. */
  readonly hex: string
  readonly fields: Field[]
}

const TAG = /<(\/?)(packet|proto|field)\b((?:\s+\w+="[^"]*")*)\s*(\/?)>/g
const ATTRIBUTE = /(\w+)="([^"]*)"/g
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const MAX_OUTPUT = 256 * 1024 * 1024

/** Version of tshark, or undefined where it is not installed. */
export function tsharkVersion(): string | undefined {
  const { stdout, error } = spawnSync('tshark', ['--version'], { encoding: 'utf8' })
  return error === undefined ? /\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined
}

/** Every packet that has one of the protocols, in full, as a tree. The root's fields are the protocols. A broken file gives what is before. */
export function packetsOf(path: string, filter: string, options: readonly string[] = []): Field[] {
  const args = ['-n', '-2', '-r', path, '-Y', filter, '-T', 'pdml', ...options]
  const { stdout, error } = spawnSync('tshark', args, { encoding: 'latin1', maxBuffer: MAX_OUTPUT, stdio: ['ignore', 'pipe', 'ignore'] })
  if (error !== undefined) throw error
  return parsePdml(stdout)
}

/** One row a frame with the fields named, tab-separated by tshark. */
export function rowsOf(path: string, filter: string, ...names: string[]): string[][] {
  const fields = names.flatMap((name) => ['-e', name])
  const text = execFileSync('tshark', ['-n', '-r', path, '-Y', filter, '-T', 'fields', ...fields], { encoding: 'utf8', maxBuffer: MAX_OUTPUT, stdio: ['ignore', 'pipe', 'ignore'] })
  return text.split('\n').slice(0, -1).map((line) => line.split('\t'))
}

function parsePdml(text: string): Field[] {
  const packets: Field[] = []
  const open: Field[] = []
  for (const [, closing, tag, attributes, empty] of text.matchAll(TAG)) {
    if (closing === '/') {
      open.pop()
      continue
    }
    const field = newField(attributes!)
    if (tag === 'packet') packets.push(field)
    else open.at(-1)?.fields.push(field)
    if (empty !== '/') open.push(field)
  }
  return packets
}

function newField(attributes: string): Field {
  const values: Record<string, string> = {}
  for (const [, name, value] of attributes.matchAll(ATTRIBUTE)) values[name!] = unescape(value!)
  return { name: values.name ?? '', label: values.showname ?? '', show: values.show ?? '', hex: values.value ?? '', fields: [] }
}

/** tshark writes UTF-8; the text was taken as bytes, so that odd ones survive until here. */
function unescape(text: string): string {
  const plain = text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) =>
    name.startsWith('#') ? String.fromCharCode(Number(name.replace('#', '0').replace(/^0(?=\d)/, ''))) : ENTITIES[name] ?? whole)
  return Buffer.from(plain, 'latin1').toString('utf8')
}

/** All fields of that name below, in order. */
export function all(field: Field, name: string): Field[] {
  return field.fields.flatMap((f) => f.name === name ? [f, ...all(f, name)] : all(f, name))
}

export function first(field: Field, name: string): Field | undefined {
  for (const f of field.fields) {
    if (f.name === name) return f
    const found = first(f, name)
    if (found !== undefined) return found
  }
  return undefined
}

export function bytesOf(field: Field | undefined): Buffer {
  return Buffer.from(field?.hex ?? '', 'hex')
}
