import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { resolve as resolvePath } from 'node:path'
import { afterAll, afterEach, inject } from 'vitest'

export interface Program {
  /** The address that it prints. */
  readonly url: Promise<string>
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
  kill(signal?: NodeJS.Signals): void
}

/** How Node starts a program of this repository: compiled before all tests, or as users do who have its sources. */
export function startOf(file: string, from: 'compiled' | 'sources' = 'compiled'): string[] {
  return from === 'compiled'
    ? [resolvePath(inject('programs'), file.replace(/\.ts$/, '.js'))]
    : ['--conditions=source', '--import', 'tsx', file]
}

/** Runs programs of this repository as real processes, and ends them with the test, or with the file. */
export function usePrograms(
  from?: 'compiled' | 'sources',
  until: typeof afterEach | typeof afterAll = afterEach,
): (file: string, args?: readonly string[], env?: Record<string, string>, cwd?: string) => Program {
  const running: (() => Promise<unknown>)[] = []
  until(async () => {
    for (const stop of running.splice(0)) await stop()
  })
  return (file, args = [], env = {}, cwd = process.cwd()) => {
    const clean = { ...process.env }
    for (const name of [
      'LOG_LEVEL',
      'MODEL',
      'OPENAI_API_KEY',
      'OPENAI_BASE_URL',
      'ANTHROPIC_API_KEY',
      'OLLAMA_HOST',
      'PORT',
      'NODE_ENV',
    ])
      delete clean[name]
    const child = spawn(process.execPath, [...startOf(file, from), ...args], {
      cwd,
      env: { ...clean, ...env },
    })
    let stdout = ''
    let stderr = ''
    const url = new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (data) => {
        stdout += data
        const found = /http:\/\/localhost:\d+|(?<=^LISTEN )\d+/m.exec(stdout)
        if (found) resolve(found[0].replace(/^(?=\d)/, 'http://localhost:'))
      })
      child.on('close', () => reject(new Error(`It ended without an address: ${stderr}`)))
    })
    // Only some programs are asked for theirs.
    url.catch(() => {})
    child.stderr.on('data', (data) => (stderr += data))
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>(
      (resolve) => {
        child.on('close', (code) => resolve({ code, stdout, stderr }))
      },
    )
    running.push(() => {
      child.kill('SIGKILL')
      return ended
    })
    return { url, ended, kill: (signal) => child.kill(signal) }
  }
}

/** A port that another program holds until `release` is called. */
export async function takenPort(): Promise<{ port: number; release: () => void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, release: () => server.close() }
}
