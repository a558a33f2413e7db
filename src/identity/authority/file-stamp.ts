import { stat } from 'node:fs/promises'

/** Differs whenever the file was replaced or written; '' where there is none. Cheap enough to ask at each request. */
export async function readStamp(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return `${ino}.${size}.${mtimeNs}`
  } catch {
    return ''
  }
}
