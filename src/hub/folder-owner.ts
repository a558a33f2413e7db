import { readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'pid'
/** A folder without an owner that is younger may just be being made. */
const MAKING_MS = 60_000
/** Of /proc/PID/stat, counted behind the name: when the process began (proc_pid_stat(5), field 22). */
const START_FIELD = 19

/** Says in a folder that this process uses it. */
export function ownFolder(path: string): void {
  writeFileSync(join(path, FILE), `${process.pid} ${startOf(process.pid) ?? ''} ${pidNamespace()}`)
}

/** Whether the process that used a folder is gone. A number that another process has by now is told by when that began; of processes of another pid namespace nothing is known. */
export function isAbandoned(path: string): boolean {
  let text: string
  try {
    text = readFileSync(join(path, FILE), 'utf8')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && Date.now() - statSync(path).mtimeMs > MAKING_MS
  }
  const [pid, start, namespace] = text.split(' ')
  if (!(Number(pid) > 0) || (namespace !== undefined && namespace !== pidNamespace())) return false
  return !isAlive(Number(pid)) || (start !== undefined && start !== '' && startOf(Number(pid)) !== undefined && startOf(Number(pid)) !== start)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** In clock ticks since the machine began; undefined where it is not to be read. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD]
  } catch {
    return undefined
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
