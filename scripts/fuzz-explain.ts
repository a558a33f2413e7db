// `npm run fuzz:explain [-- PACKETS SEED]`: random rules, really applied, and random packets, really sent: the model must say what the kernel did.
import { fuzzExplain } from '../test/netns/explain-fuzz.ts'

const PACKETS_A_SET = 16
const [packets = 5000, seed = 1] = process.argv.slice(2).map(Number)
const sets = Math.ceil(packets / PACKETS_A_SET)
const start = performance.now()
const result = await fuzzExplain(seed, sets, ['nft', 'legacy', 'native'], (at, { packets, mismatches }) => {
  if (at % 25 === 0) console.error(`seed ${at}: ${packets} packets, ${mismatches.length} mismatches`)
})
for (const { seed, backend, packet, model, kernel, rules } of result.mismatches) {
  console.log(`seed ${seed} (${backend}): ${packet}\n  model:  ${model}\n  kernel: ${kernel}\n${rules}`)
}
for (const text of result.unknown.slice(0, 20)) console.log(text)
const agreed = result.packets - result.unknown.length - result.mismatches.length
console.log(`${agreed} of ${result.packets} packets as the kernel did, ${result.unknown.length} unknown, ${result.mismatches.length} otherwise, in ${((performance.now() - start) / 1000).toFixed(0)} s`)
process.exitCode = result.mismatches.length + result.unknown.length > 0 ? 1 : 0
