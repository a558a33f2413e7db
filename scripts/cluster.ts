// `npm run cluster -- up|down|status|kubectl …|inside …`: a real Kubernetes node in namespaces of its own. MTLSCOPE_CLUSTER names it (default: dev).
import { parseArgs } from 'node:util'
import { down } from './cluster/down.ts'
import { readNodeProcess } from './cluster/node-process.ts'
import { MAX_NODES, clusterPlace } from './cluster/place.ts'
import { addNode, inside, kubectl, loadImage, up } from './cluster/up.ts'

const USAGE = `usage: npm run cluster -- COMMAND
  up [--nodes N] start the node, and build what it needs; ready when it is Ready
  down           end it and remove all that it left
  image          put the image of this checkout's dist/ into it: local/mtlscope:1
  status         does it run, and what runs on it?
  kubectl …      kubectl on it
  inside …       a program within its network, mounts and processes`

async function run([command, ...rest]: readonly string[]): Promise<number> {
  const place = clusterPlace(process.env.MTLSCOPE_CLUSTER ?? 'dev')
  if (command === 'up') await upAll(rest)
  else if (command === 'down') await down(place)
  else if (command === 'image') await loadImage(place)
  else if (command === 'kubectl') return (await kubectl(place, rest, true)).code
  else if (command === 'inside') return (await inside(place, rest, true)).code
  else if (command === 'status') return await status()
  else {
    console.error(USAGE)
    return 2
  }
  return 0

  async function upAll(args: readonly string[]): Promise<void> {
    const { values } = parseArgs({ args: [...args], options: { nodes: { type: 'string', default: '1' } } })
    const count = Number(values.nodes)
    if (!(count >= 1 && count <= MAX_NODES)) throw new Error(`not a number of nodes: ${values.nodes} (1 to ${MAX_NODES})`)
    const say = (text: string): void => console.log(text)
    await up(place, say)
    for (let number = 2; number <= count; number++) await addNode(place, number, say)
  }

  async function status(): Promise<number> {
    const node = readNodeProcess(place)
    console.log(node === undefined ? `${place.name}: not running` : `${place.name}: running, first process ${node.initPid}, ${place.folder}`)
    return node === undefined ? 1 : (await kubectl(place, ['get', 'node,pod', '-A', '-o', 'wide'], true)).code
  }
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
