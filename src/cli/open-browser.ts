import { findProgram } from '../sys/exec.ts'
import { startProcess } from '../sys/spawn.ts'

/** Opens the address where there is a screen to open it on. It is printed in any case, so nothing here is an error. */
export function openBrowser(address: string): void {
  if ((process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY ?? '') === '' || findProgram('xdg-open') === undefined) return
  const opener = startProcess('xdg-open', [address], { detached: true })
  opener.ready.catch(() => {})
}
