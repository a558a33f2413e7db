import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { MessageRow } from '../../src/model/api.ts'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { TestCluster } from './test-cluster.ts'

/** Everything, as `mtlscope install` makes it, and gone with the test. */
export async function useInstallation(t: TestContext, cluster: TestCluster): Promise<void> {
  t.after(async () => { await cluster.mtlscope('uninstall') })
  const { code, stderr } = await cluster.mtlscope('install', '--image', IMAGE_NAME, '--image-pull-policy', 'Never')
  assert.equal(code, 0, stderr)
}

/** What the hub of that installation answers; undefined while it cannot be asked. */
export async function askHub<T>(cluster: TestCluster, path: string): Promise<T | undefined> {
  const script = `fetch("http://127.0.0.1:8899/api/v1${path}").then(async (answer) => process.stdout.write(await answer.text()))`
  const { code, stdout } = await cluster.kubectlInput('', 'exec', '-n', 'mtlscope', 'deploy/mtlscope-hub', '--', '/usr/bin/node', '-e', script)
  return code === 0 && stdout.startsWith('{') ? JSON.parse(stdout) as T : undefined
}

/** What it lists, the newest 1000, or of those that the filter takes; empty while it cannot be asked. */
export async function hubRows(cluster: TestCluster, filter = ''): Promise<MessageRow[]> {
  return (await askHub<{ rows: MessageRow[] }>(cluster, `/messages?limit=1000${filter === '' ? '' : `&q=${encodeURIComponent(filter)}`}`))?.rows ?? []
}

/** Ends processes on the node with SIGKILL whose command line has this in it and, where given, that are of the pod; returns how many. */
export async function killOnNode(cluster: TestCluster, words: string, podUid = ''): Promise<number> {
  const script = `
    const { readFileSync, readdirSync } = require('node:fs')
    const read = (path) => { try { return readFileSync(path, 'utf8') } catch { return '' } }
    const pids = readdirSync('/proc').filter((pid) => /^\\d+$/.test(pid) && pid !== String(process.pid))
      .filter((pid) => read('/proc/' + pid + '/cmdline').replaceAll('\\0', ' ').includes(process.argv[1]) && read('/proc/' + pid + '/cgroup').includes(process.argv[2]) && read('/proc/' + pid + '/cgroup').includes('pod'))
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL')
    console.log(pids.length)`
  return Number(await cluster.inside(process.execPath, '-e', script, words, podUid))
}
