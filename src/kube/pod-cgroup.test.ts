import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { parsePodCgroup } from './pod-cgroup.ts'

const UID = '1b2c3d4e-0000-4abc-9def-0123456789ab'
const SLICE = `kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`
const ID = '0123456789abcdef'.repeat(4)

/** Lines of /proc/PID/cgroup as the runtimes' paths are. */
const LAYOUTS: Record<string, string> = {
  'containerd, cgroupfs': `8:pids:/kubepods/burstable/pod${UID}/${ID}\n4:memory:/kubepods/burstable/pod${UID}/${ID}\n0::/\n`,
  'containerd, cgroupfs, guaranteed': `0::/kubepods/pod${UID}/${ID}\n`,
  'containerd, systemd': `0::/kubepods.slice/kubepods-burstable.slice/${SLICE}/cri-containerd-${ID}.scope\n`,
  'containerd, systemd, guaranteed': `0::/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice/cri-containerd-${ID}.scope\n`,
  'containerd, systemd paths on cgroupfs': `1:name=systemd:/system.slice/containerd.service/${SLICE}:cri-containerd:${ID}\n`,
  'CRI-O, systemd': `0::/kubepods.slice/kubepods-burstable.slice/${SLICE}/crio-${ID}.scope\n`,
  'CRI-O, with a cgroup of the container\'s own': `0::/kubepods.slice/kubepods-burstable.slice/${SLICE}/crio-${ID}.scope/container\n`,
  'CRI-O, cgroupfs': `0::/kubepods/besteffort/pod${UID}/crio-${ID}\n`,
  'Docker, cgroupfs': `12:cpu,cpuacct:/kubepods/besteffort/pod${UID}/${ID}\n`,
  'Docker, systemd': `0::/kubepods.slice/kubepods-burstable.slice/${SLICE}/docker-${ID}.scope\n`,
  'a node in a container (kind)': `0::/docker/${'f'.repeat(64)}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${UID.replaceAll('-', '_')}.slice/cri-containerd-${ID}.scope\n`,
  'a node that is a pod of another cluster': `0::/kubepods/pod99999999-0000-4abc-9def-0123456789ab/${'e'.repeat(64)}/kubepods/besteffort/pod${UID}/${ID}\n`,
}

for (const [layout, text] of Object.entries(LAYOUTS)) {
  test(`${layout}: pod and container`, () => assert.deepEqual(parsePodCgroup(text), { podUid: UID, containerId: ID }))
}

test('a static pod has the hash of its file', () => {
  const hash = 'abcdef0123456789abcdef0123456789'
  assert.deepEqual(parsePodCgroup(`0::/kubepods/burstable/pod${hash}/${ID}`), { podUid: hash, containerId: ID })
})

test('processes of no pod, and of no one pod, have none', () => {
  for (const path of ['/', '/system.slice/sshd.service', '/user.slice/user-1000.slice', `/docker/${ID}`, `/kubepods.slice/kubepods-burstable.slice/${SLICE}/crio-conmon-${ID}.scope`, '/kubepods/burstable', `/kubepods/podium/${ID}`]) {
    assert.equal(parsePodCgroup(`0::${path}\n`), undefined, path)
  }
  assert.equal(parsePodCgroup(`8:pids:/kubepods/pod${UID}/${ID}\n4:memory:/kubepods/pod${UID.replace('1', '2')}/${ID}\n`), undefined)
  assert.equal(parsePodCgroup(''), undefined)
})

test('the pod itself, without a container', () => {
  assert.deepEqual(parsePodCgroup(`0::/kubepods/burstable/pod${UID}`), { podUid: UID, containerId: undefined })
})

test('whatever the text, it ends, and what is found is a number of that form', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom('0::/', '/kubepods', '/pod', 'pod', UID, UID.replaceAll('-', '_'), ID, '.slice', ':', '-', '\n', '/', 'x')), (parts) => {
    const found = parsePodCgroup(parts.join(''))
    if (found !== undefined) assert.match(found.podUid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  }))
})
