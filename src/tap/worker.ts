import type { MessagePort } from 'node:worker_threads'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { WorkerSetup } from './control.ts'
import { CaptureThread } from './capture-thread.ts'

// The thread never returns to its event loop: it blocks in epoll_wait(2) on the rings and reads its commands in between.
const port = parentPort as MessagePort
const setup = workerData as WorkerSetup
// The language is loaded only where it is spoken.
const wanted = setup.messageFilter === undefined ? undefined : (await import('./message-filter.ts')).messageTest(setup.messageFilter)
const thread = new CaptureThread(setup, {
  next: () => receiveMessageOnPort(port)?.message,
  report: (report, transfer) => port.postMessage(report, transfer),
}, wanted)
thread.run()
port.close()
