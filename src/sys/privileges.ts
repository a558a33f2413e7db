import { prctl } from './libc.ts'

const PR_SET_NO_NEW_PRIVS = 38

export interface DroppedPrivileges {
  /** The user that the process runs as from now on, where it changed. */
  uid: number | undefined
  gid: number | undefined
  noNewPrivileges: boolean
  /** One sentence for a log. */
  what: string
}

/**
 * Gives up what is no longer needed: under sudo the process becomes the user who called it, and from then on no program
 * it starts can gain rights. Open descriptors keep working; no namespace can be entered and no ring opened afterwards.
 * Main thread only: the C library then changes all threads.
 */
export function dropPrivileges(env: NodeJS.ProcessEnv = process.env): DroppedPrivileges {
  const uid = idIn(env.SUDO_UID)
  const gid = idIn(env.SUDO_GID)
  const changes = process.getuid?.() === 0 && uid !== undefined && gid !== undefined
  if (changes) {
    // The groups first: a user that is not root may not change them any more.
    process.setgroups?.([gid])
    process.setgid?.(gid)
    process.setuid?.(uid)
  }
  const noNewPrivileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0
  const who = changes ? `runs as uid ${uid}, gid ${gid}` : 'keeps its user'
  return {
    uid: changes ? uid : undefined, gid: changes ? gid : undefined, noNewPrivileges,
    what: `${who}${noNewPrivileges ? ', gains no new privileges' : ''}`,
  }
}

/** A user or group number other than root's. */
function idIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const id = Number(text)
  return id > 0 && id < 0xffff_ffff ? id : undefined
}
