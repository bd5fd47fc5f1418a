import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Rival } from '../rivals.ts'
import type { Answers } from './serve.ts'

const here = new URL('.', import.meta.url)

/** The server's core; everything else but a browser runs on the other ones. */
export const SERVER_CORE = 0

// Not `availableParallelism`: a process that is bound to one core sees no other.
const canBind = process.platform === 'linux' && cpus().length > 1

/** How a command is bound to a core; as it is where that cannot be done. */
export function pinned(core: number, command: readonly string[]): readonly [string, string[]] {
  const [program, ...rest] = canBind ? ['taskset', '-c', String(core), ...command] : command
  return [program!, rest]
}

/**
 * Runs `work` with every core for this process and for what it starts: a browser is many processes, and on one core they
 * would take it from one another.
 */
export async function onEveryCore<T>(work: () => Promise<T>): Promise<T> {
  const bind = (cores: string): void => {
    if (canBind) spawnSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)])
  }
  const last = cpus().length - 1
  bind(`0-${last}`)
  try {
    return await work()
  } finally {
    bind(`${last}`)
  }
}

/** A rival that runs and listens. */
export interface Server {
  readonly rival: Rival
  readonly port: number
  tell<K extends keyof Answers>(question: K): Promise<ReturnType<Answers[K]>>
  stop(): Promise<void>
}

export async function start(rival: Rival): Promise<Server> {
  // Such as `--cpu-prof` or `--perf-basic-prof`, to see where the time goes.
  const options = (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean)
  const [program, rest] = pinned(SERVER_CORE, [
    process.execPath,
    '--expose-gc',
    ...options,
    fileURLToPath(new URL('serve.js', here)),
    rival,
  ])
  // Its log (swapstream writes a line for each answer) goes to a file, as in production.
  const log = openSync(new URL(`../${rival}.log`, here), 'w')
  const child = spawn(program, rest, {
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const port = Number(await messageOf(child, rival))
  return {
    rival,
    port,
    async tell(question) {
      child.send(question)
      return (await messageOf(child, rival)) as never
    },
    async stop() {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

function messageOf(child: ChildProcess, rival: Rival): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`${rival} ended: see bench/dist/${rival}.log.`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}
