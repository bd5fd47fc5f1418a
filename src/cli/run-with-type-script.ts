import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { ConfigError } from '../shared/errors.ts'

/**
 * Runs this program once more, with the project's own `tsx`, when it is to import TypeScript. Without `tsx`, Node has to
 * read it, and does from 22.18 on.
 *
 * Out     what it ended with; nothing when this process can import the file itself.
 * Throws  ConfigError `config/invalid` when neither can.
 */
export async function runWithTypeScript(
  file: string | undefined,
  args: readonly string[],
): Promise<number | undefined> {
  const isDone = process.execArgv.some((argument) => argument.includes('tsx'))
  if (isDone || file === undefined || !/\.[cm]?tsx?$/.test(file)) return undefined
  if (!hasTsx()) {
    if ((process.features as { typescript?: unknown }).typescript) return undefined
    throw new ConfigError('config/invalid', `This Node cannot read "${file}" by itself.`, {
      hint: 'Install tsx (npm install -D tsx), or give the compiled file.',
    })
  }
  const again = [...process.execArgv, '--import', 'tsx', process.argv[1]!, ...args]
  const [code] = await once(spawn(process.execPath, again, { stdio: 'inherit' }), 'exit')
  return (code as number | null) ?? 1
}

function hasTsx(): boolean {
  try {
    createRequire(resolve('package.json')).resolve('tsx')
    return true
  } catch {
    return false
  }
}
