import { say } from './announce.ts'

/** Puts text where the user can paste it, and says so. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say(`copied ${what}`)
  } catch {
    copyByHand(text)
    say(`copied ${what}`)
  }
}

/** Without a secure context (an address other than this machine's, without TLS) browsers have only the old way. */
function copyByHand(text: string): void {
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** Gives a file to the user that this page made. */
export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content)
  saveAddress(address, name)
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** Downloads what an address gives. */
export function saveAddress(address: string, name = ''): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}
