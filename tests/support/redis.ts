import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './find-program.ts'
import { freePort } from './free-port.ts'

const REDIS = { names: ['redis-server', 'valkey-server'], debian: 'redis-server', brew: 'redis' }

/**
 * The path of a Redis or Valkey server: an installed one, or one that is installed now.
 *
 * Throws  an Error of one line that says what to do when there is none and none can be had.
 */
export function findRedis(): string {
  const found = findProgram(REDIS)
  if (found) return found
  throw new Error(
    'No Redis for the tests: install redis-server or valkey-server, or set REDIS_URL to one that may be used.',
  )
}

export interface RedisProcess {
  readonly url: string
  readonly port: number
  /** Ends it as a power cut does; what was not written to its folder is gone. */
  kill(): Promise<void>
  /** Starts it again, on the same port and in the same folder. */
  restart(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
}

/**
 * A Redis of one's own on a free port of this machine, in an empty folder.
 *
 * @param keeps Whether it writes what it is told to a file, as a Redis with an append-only file does.
 * @param cluster Whether it is a cluster of one machine.
 */
export async function startRedis({ keeps = false, cluster = false } = {}): Promise<RedisProcess> {
  const binary = findRedis()
  const folder = await mkdtemp(join(tmpdir(), 'swapstream-redis-'))
  const port = await freePort()
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(
      binary,
      `--port ${port} --bind 127.0.0.1 --dir ${folder} --appendonly ${keeps ? 'yes' : 'no'} --cluster-enabled ${cluster ? 'yes --cluster-announce-ip 127.0.0.1' : 'no'} --save`
        .split(' ')
        .concat(''),
      { stdio: 'ignore' },
    )
    await answering(port)
    return child
  }
  let child = await start()
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    async restart() {
      child = await start()
    },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Where the tests find a Redis: the one in `REDIS_URL`, or one that is started for them. */
export async function someRedis(): Promise<{ url: string; stop: () => Promise<void> }> {
  const url = process.env['REDIS_URL']
  return url ? { url, stop: async () => {} } : startRedis()
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const answers = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
      const answer = (is: boolean): void => {
        socket.destroy()
        resolve(is)
      }
      socket.once('data', (data) => answer(String(data).startsWith('+PONG')))
      socket.once('error', () => answer(false))
    })
    if (answers) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`The Redis on port ${port} does not answer.`)
}
