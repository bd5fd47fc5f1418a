import { spawn } from 'node:child_process'
import type { Stats as FrameworkStats } from 'swapstream/core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { startOf } from '../../support/run-program.ts'
import { connect } from './raw-connection.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ChildApp {
  readonly port: number
  readonly pid: number
  /** What it has written to standard error so far: its log. */
  log(): string
  /** What it has written to standard output so far. */
  out(): string
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
  readonly alive: boolean
}

export interface Stats {
  readonly opened: number
  readonly finished: number
  readonly active: number
  readonly produced: number
  readonly rss: number
  readonly heapUsed: number
  readonly arrayBuffers: number
  readonly scopesOpened: number
  readonly scopesClosed: number
  /** What the framework itself counts; the battery shows it. */
  readonly framework?: FrameworkStats
}

export const CONFORMANCE = 'examples/conformance/server.ts'
export const BATTERY = 'tests/contract/support/battery.ts'

/** Starts a program that prints `LISTEN <port>` as a process of its own; the caller ends it. */
export async function startApp(file: string, env: Record<string, string> = {}): Promise<ChildApp> {
  const { NODE_ENV: _, NODE_OPTIONS: __, ...inherited } = process.env
  const child = spawn(process.execPath, ['--expose-gc', ...startOf(file)], {
    env: { ...inherited, PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (data) => (stderr += data))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      stdout += data
      const found = /^LISTEN (\d+)$/m.exec(stdout)
      if (found) resolve(Number(found[1]))
    })
    void ended.then(({ code }) => reject(new Error(`${file} ended with ${code}: ${stderr}`)))
  })
  return {
    port,
    pid: child.pid!,
    log: () => stderr,
    out: () => stdout,
    kill: (signal) => child.kill(signal),
    ended,
    get alive() {
      return child.exitCode === null && child.signalCode === null
    },
  }
}

/**
 * One app for the tests of a file. It ends itself on any unhandled rejection, so that it still runs at the end is a
 * check of its own.
 */
export function useApp(file: string, env?: Record<string, string>): () => ChildApp {
  let app: ChildApp | undefined
  beforeAll(async () => {
    app = await startApp(file, env)
  })
  afterAll(async () => {
    if (app === undefined) return
    const { alive } = app
    app.kill('SIGKILL')
    await app.ended
    expect(alive, `${file} ended by itself: ${app.log().slice(-2_000)}`).toBe(true)
  })
  return () => app!
}

/** Apps that the tests themselves end; what still runs after a test is killed. */
export function useApps(): (file: string, env?: Record<string, string>) => Promise<ChildApp> {
  const started: ChildApp[] = []
  afterEach(async () => {
    for (const app of started.splice(0)) {
      app.kill('SIGKILL')
      await app.ended
    }
  })
  return async (file, env) => {
    const app = await startApp(file, env)
    started.push(app)
    return app
  }
}

/** Looks into an app from outside. Each time over a new connection: one that is kept may be closed by then. */
export function useStats(port: () => number): () => Promise<Stats> {
  return async () => {
    const connection = await connect(port())
    try {
      return JSON.parse(await connection.request('/stats').text()) as Stats
    } finally {
      connection.socket.destroy()
      await connection.closed
    }
  }
}

/** Waits until every source that was started has been torn down. */
export async function expectAllFinished(stats: () => Promise<Stats>): Promise<void> {
  await eventually(async () => expect(await stats()).toMatchObject({ active: 0 }))
}
