import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import test from 'node:test'
import { readControllers } from '../../scripts/cluster/cgroups.ts'
import { down } from '../../scripts/cluster/down.ts'
import { readNodeProcess } from '../../scripts/cluster/node-process.ts'
import { clusterPlace } from '../../scripts/cluster/place.ts'
import { up } from '../../scripts/cluster/up.ts'
import { run } from '../../src/sys/exec.ts'
import { TestCluster, busyboxPod, useCluster } from './test-cluster.ts'

/** The machine's own lists, beside which the node's must not show. */
async function machine(): Promise<string[]> {
  const lists = await Promise.all([['ip', '-o', 'link'], ['iptables-save'], ['ip', 'netns']].map(async ([program, ...args]) => {
    return (await run(program!, args, { timeoutMs: 30_000 })).stdout
  }))
  return lists.flatMap((text) => text.split('\n')).filter((line) => /cni|veth.*cni|KUBE-/.test(line))
}

/** Where the name of a cluster can be found: mounts, cgroups, processes, files. */
function traces(name: string): string[] {
  const word = `mtlscope-cluster-${name}`
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(word))
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => belongsTo(pid, word))
  const cgroups = readControllers().map(({ name: hierarchy, own }) => `/sys/fs/cgroup/${hierarchy}${own}/${word}`).filter((path) => existsSync(path))
  const { folder } = clusterPlace(name)
  return [...mounts, ...processes.map((pid) => `process ${pid}`), ...cgroups, ...existsSync(folder) ? [folder] : []]
}

/** One that has ended keeps the name of its cgroup, which is gone, until whoever started it has asked how it ended. */
function belongsTo(pid: string, word: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(word) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

for (const how of ['told to end', 'killed'] as const) {
  test(`a node with a pod that is ${how} leaves nothing behind`, async (t) => {
    if (useCluster(t) === undefined) return
    const name = `gone-${process.pid}`
    const place = clusterPlace(name)
    t.after(() => down(place))
    const before = await machine()
    assert.deepEqual(traces(name), [])
    await up(place, () => {})
    const cluster = new TestCluster(place)
    await cluster.kubectlInput(JSON.stringify(busyboxPod('app', 'while :; do busybox sleep 60; done')), 'apply', '-f', '-')
    await cluster.untilPodRuns('app')
    assert.ok(traces(name).length > 10, traces(name).join('\n'))
    if (how === 'killed') process.kill(readNodeProcess(place)!.initPid, 'SIGKILL')
    await down(place)
    assert.deepEqual(traces(name), [])
    assert.deepEqual(await machine(), before)
  })
}
