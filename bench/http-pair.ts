import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of one load. */
export const SECONDS = 5
const TAG = `mtlb${process.pid}`
/** Names of the namespaces. */
export const [SERVER, CLIENT] = [`${TAG}s`, `${TAG}c`]

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

/** A server in one namespace, and one beside it to load it from. */
export function openHttpPair(folder: string): { close(): void } {
  for (const name of [SERVER, CLIENT]) ip('netns', 'add', name)
  ip('link', 'add', `${TAG}a`, 'netns', SERVER, 'type', 'veth', 'peer', 'name', `${TAG}b`, 'netns', CLIENT)
  ip('-n', SERVER, 'addr', 'add', '10.78.0.1/24', 'dev', `${TAG}a`)
  ip('-n', CLIENT, 'addr', 'add', '10.78.0.2/24', 'dev', `${TAG}b`)
  for (const [name, device] of [[SERVER, `${TAG}a`], [CLIENT, `${TAG}b`]]) {
    ip('-n', name!, 'link', 'set', 'lo', 'up')
    ip('-n', name!, 'link', 'set', device!, 'up')
  }
  const nginx = startNginx(folder)
  return {
    close: () => {
      nginx.kill('SIGTERM')
      for (const name of [SERVER, CLIENT]) ip('netns', 'del', name)
    },
  }
}

function startNginx(folder: string): ReturnType<typeof spawn> {
  const root = join(folder, 'www')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'index.html'), 'x'.repeat(300))
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; worker_processes 1; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; server { listen 10.78.0.1:80; location / { root ${root}; } } }`)
  return spawn('ip', ['netns', 'exec', SERVER, 'nginx', '-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })
}

/** Requests a second that wrk gets out of the server. */
export function load(): Promise<number> {
  const wrk = spawn('ip', ['netns', 'exec', CLIENT, 'wrk', '-t1', '-c32', `-d${SECONDS}s`, 'http://10.78.0.1/'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  wrk.stdout.on('data', (part: Buffer) => { text += part.toString() })
  return new Promise((resolve, reject) => wrk.on('close', () => {
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1])
    if (rate > 0) resolve(rate)
    else reject(new Error(`wrk said: ${text}`))
  }))
}
