import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { keepNoFastBins } from '../../sys/memory.ts'
import { RelayLoop } from './loop.ts'
import type { ThreadInput } from './thread-messages.ts'

/** A relay thread: it stays in the loop until it is told to close, and never comes back to Node's own. */
keepNoFastBins()
const { port, input } = workerData as { port: MessagePort, input: ThreadInput }
new RelayLoop(port, input).run()
