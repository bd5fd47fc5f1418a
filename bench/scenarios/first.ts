import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Cold } from '../load/cold.ts'
import { pinned, SERVER_CORE } from '../load/server.ts'
import { Results } from '../report/results.ts'
import type { Scenario } from './scenario.ts'

const program = fileURLToPath(new URL('../load/cold.js', import.meta.url))
const PROCESSES = 9

export const first: Scenario = {
  name: 'first',
  title: 'The first open of a block',
  what: 'A block of a chat page with a layout and 30 messages, opened and rendered in a new process, its modules loaded and its templates not yet compiled. Beside it nunjucks, which renders the whole page.',
  base: 'nunjucks',
  figures: {
    firstMs: {
      title: 'the first time',
      unit: 'ms',
      ratio: true,
      notShown: 'the modules of the app itself, which are loaded before.',
    },
    newMs: {
      title: 'new templates',
      unit: 'ms',
      ratio: true,
      notShown: 'the same in a process that has compiled others before.',
    },
    againUs: {
      title: 'again',
      unit: 'µs',
      notShown: 'a stream that opens the same block later; its next frames render without opening.',
    },
  },
  async run(run) {
    const results = new Results()
    for (let round = 0; round < (run.quick ? 1 : PROCESSES); round++)
      for (const rival of ['nunjucks', 'swapstream'])
        results.add('a block', rival, { ...measure(rival) })
    return results
  },
}

function measure(rival: string): Cold {
  const [command, args] = pinned(SERVER_CORE, [process.execPath, program, rival])
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Cold
}
