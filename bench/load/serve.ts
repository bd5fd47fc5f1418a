/** One rival in a process of its own. It answers its parent's questions about itself, and ends with it. */
import { sources } from '../task/ask.ts'
import type { Listen } from '../rivals.ts'

export interface Memory {
  /** What JavaScript holds: the heap, and the buffers outside of it. */
  readonly heap: number
  readonly rss: number
}

const answers = {
  /** User and system time of this process, in µs. */
  cpu: () => process.cpuUsage(),
  memory(): Memory {
    globalThis.gc!()
    globalThis.gc!()
    const { heapUsed, external, rss } = process.memoryUsage()
    return { heap: heapUsed + external, rss }
  },
  /** What its sources have done since they were last asked about. */
  sources() {
    const { pulled, endedAt } = sources
    Object.assign(sources, { pulled: 0, endedAt: [] })
    return { pulled, endedAt }
  },
  /** The same, and they go on counting. */
  progress: () => ({ pulled: sources.pulled, ended: sources.endedAt.length }),
}
export type Answers = typeof answers

const { default: listen } = (await import(`../rivals/${process.argv[2]}.js`)) as { default: Listen }
process.on('disconnect', () => process.exit())
process.on('message', (question: keyof Answers) => process.send!(answers[question]()))
listen((port) => process.send!(port))
