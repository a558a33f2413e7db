import fc from 'fast-check'

// Property tests draw the same cases each time, so that a change is judged by what it changed, and not by luck.
// New cases are the matter of `npm run fuzz`, and of MTLSCOPE_SEED=random.
const seed = process.env.MTLSCOPE_SEED ?? '20261121'
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })

export { default } from 'fast-check'
