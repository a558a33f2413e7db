import { connection, reconnections } from './live.ts'

const AGAIN_MS = 1000
const MOST_TRIES = 6

/**
 * Loads a part of the viewer. While mtlscope does not answer it waits until it does; where it answers and does not have that part (another version was started), it
 * rejects after a few tries.
 */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await load()
    } catch (error) {
      const isLost = connection.get() === 'lost'
      if (isLost) tries = 0
      if (tries === MOST_TRIES) throw new Error('a part of the viewer cannot be loaded: mtlscope was started anew in another version', { cause: error })
      await (isLost ? answered() : new Promise((resolve) => { setTimeout(resolve, AGAIN_MS) }))
    }
  }
}

function answered(): Promise<void> {
  return new Promise((resolve) => {
    const stop = reconnections.subscribe(() => {
      stop()
      resolve()
    })
  })
}
