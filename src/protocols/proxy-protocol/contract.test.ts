import { CLIENT } from '../../model/side.ts'
import { contract } from '../contract.fixture.ts'
import { proxyProtocol } from './proxy-protocol.ts'
import { SAMPLES } from './samples.fixture.ts'

contract(proxyProtocol, SAMPLES, {
  endless: [{ name: 'a line that never ends', prefix: [], side: CLIENT, block: Buffer.from('PROXY UNKNOWN ') }],
})
