import { storeContract } from '../../store/store-contract.fixture.ts'
import { openMergedAgents } from './agents.fixture.ts'

// Of one agent and of five: test/peers/agents-merged-keep-the-contract.test.ts.
storeContract({ name: '2 agents merged', files: 2, open: (t, keep) => openMergedAgents(t, 2, keep) })
