import type { MessagePort } from 'node:worker_threads'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { WorkerSetup } from './control.ts'
import { CaptureThread } from './capture-thread.ts'

// The thread never returns to its event loop: it blocks in poll(2) on the rings and reads its commands in between.
const port = parentPort as MessagePort
const thread = new CaptureThread(workerData as WorkerSetup, {
  next: () => receiveMessageOnPort(port)?.message,
  report: (report, transfer) => port.postMessage(report, transfer),
})
thread.run()
port.close()
