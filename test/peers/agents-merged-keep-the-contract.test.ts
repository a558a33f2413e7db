import { openMergedAgents } from '../../src/hub/agents/agents.fixture.ts'
import { storeContract } from '../../src/store/store-contract.fixture.ts'

for (const count of [1, 5]) storeContract({ name: `${count} agents merged`, files: count, open: (t, keep) => openMergedAgents(t, count, keep) })
