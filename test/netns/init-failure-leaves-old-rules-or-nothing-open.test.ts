import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { MtlscopeError } from '../../src/base/errors.ts'
import { applyRules, verifyRules } from '../../src/intercept/apply/apply-rules.ts'
import { cleanRules } from '../../src/intercept/apply/clean-rules.ts'
import type { InterceptBackend } from '../../src/intercept/apply/difference.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import { findProgram } from '../../src/sys/exec.ts'
import { ensureNetns } from './enter.ts'
import { rulesIn, init, needTools, touchLegacy } from './init-lab.ts'
import { openTraffic } from './init-traffic.ts'

const permitted = ensureNetns()
const PROGRAMS = ['iptables-nft-restore', 'ip6tables-nft-restore', 'iptables-legacy-restore', 'ip6tables-legacy-restore', 'nft', 'ip']
const MAX_STEPS = 20

/** What happens at the step that is spoilt. `once`: that step fails. `for-good`: it and all that follow. `kill`: mtlscope is killed before it. */
type Fault = 'once' | 'for-good' | 'kill'

/** Programs of the same names that count the steps which change something, and spoil one. */
class Spoiler {
  readonly folder: string
  readonly #path = process.env.PATH

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'mtlscope-spoil-'))
    t.after(() => {
      process.env.PATH = this.#path
      rmSync(this.folder, { recursive: true })
    })
    for (const program of PROGRAMS) {
      const changes = program === 'nft' ? '*" -f "*' : program === 'ip' ? '*" add "*|*" replace "*|*" del "*' : '*'
      writeFileSync(join(this.folder, program), `#!/bin/sh
case " $* " in ${changes}) ;; *) exec ${findProgram(program)!} "$@";; esac
n=$(( $(cat ${this.folder}/count) + 1 )); echo $n > ${this.folder}/count
. ${this.folder}/fault
if [ $fault = kill ] && [ $n = $step ]; then kill -9 $PPID; exit 1; fi
if [ $fault = once ] && [ $n = $step ] || [ $fault = for-good ] && [ $n -ge $step ]; then echo spoilt >&2; exit 1; fi
exec ${findProgram(program)!} "$@"
`)
      chmodSync(join(this.folder, program), 0o755)
    }
  }

  start(fault: Fault, step: number): void {
    writeFileSync(join(this.folder, 'count'), '0')
    writeFileSync(join(this.folder, 'fault'), `fault=${fault} step=${step}\n`)
    process.env.PATH = `${this.folder}:${this.#path}`
  }

  /** Whether the step was reached. */
  end(step: number): boolean {
    process.env.PATH = this.#path
    return Number(readFileSync(join(this.folder, 'count'), 'utf8')) >= step
  }
}

const OLD = planRules({ ...PRESET_SETTINGS.linkerd, ipv6: 'capture' })
const NEW = planRules({ ...PRESET_SETTINGS.istio, mode: 'TPROXY', ipv6: 'capture' })
const NEW_FLAGS = ['--preset', 'istio', '-m', 'TPROXY', '--ipv6', 'capture', '--force']

function isReported(error: unknown): false {
  assert.ok(error instanceof MtlscopeError && error.code === 'rules-failed', String(error))
  return false
}

const CASES: readonly (readonly [InterceptBackend, Fault])[] = [['nft', 'once'], ['nft', 'kill'], ['iptables-nft', 'once'], ['iptables-nft', 'for-good'], ['iptables-nft', 'kill'], ['iptables-legacy', 'once']]

for (const [backend, fault] of CASES) {
  test(`${backend}: a step that fails (${fault}) leaves ${fault === 'once' ? 'the old rules' : 'nothing open'}, whichever it is`, async (t) => {
    if (!needTools(t, permitted)) return
    const { netns, pod, attempt, isOpen } = await openTraffic(t)
    const spoiler = new Spoiler(t)
    if (backend === 'iptables-legacy') touchLegacy(pod.name)
    let step = 1
    for (let reached = true; reached && step <= MAX_STEPS; step++) {
      await applyRules(OLD, { netns, backend, force: true })
      const before = rulesIn(pod.name)
      spoiler.start(fault, step)
      let isSet = false
      if (fault === 'kill') await init(['--netns', pod.name, '--backend', backend, ...NEW_FLAGS], { PATH: process.env.PATH! }).catch(() => {})
      else isSet = await applyRules(NEW, { netns, backend, force: true }).then(() => true, isReported)
      reached = spoiler.end(step)
      if (isSet) assert.deepEqual((await verifyRules(NEW, { netns })).differences, [], `step ${step}`)
      else if (fault === 'once') assert.equal(rulesIn(pod.name), before, `step ${step}`)
      assert.ok(!(await Promise.all([attempt(4), attempt(6)])).includes('clear'), `step ${step}`)
    }
    assert.ok(step > 4 && step <= MAX_STEPS, `${step} steps`)
    // Whatever was left behind, the next one mends it.
    await applyRules(NEW, { netns, backend, force: true })
    assert.deepEqual((await verifyRules(NEW, { netns })).differences, [])
    await cleanRules(netns)
    assert.ok(await isOpen(4) && await isOpen(6))
  })
}
