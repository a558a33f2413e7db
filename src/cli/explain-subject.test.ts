import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podOf } from './explain-subject.ts'

test('the pod of a process, by the cgroups that both drivers of kubelet make', () => {
  const uid = '1b2c3d4e-0000-1111-2222-333344445555'
  const cases: [cgroup: string, pod: string | undefined][] = [
    [`0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-ab12.scope\n`, uid],
    [`0::/kubepods/besteffort/pod${uid}/ab12\n`, uid], [`12:pids:/kubepods/pod${uid}/ab12\n1:name=systemd:/x\n`, uid], ['0::/user.slice/user-0.slice\n', undefined], ['', undefined],
  ]
  for (const [cgroup, pod] of cases) assert.equal(podOf(cgroup), pod, cgroup)
})
