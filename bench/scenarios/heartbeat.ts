import { setTimeout as sleep } from 'node:timers/promises'
import { openIdle } from '../load/idle.ts'
import { CLIENT_CPU, cost, inTurns, withClient, type Run } from './scenario.ts'

const streamsOf = ({ quick }: Run): number => (quick ? 500 : 5000)

export const heartbeat = inTurns({
  name: 'heartbeat',
  title: 'Heartbeats of idle streams',
  what: 'Idle streams with heartbeats: raw with an interval each, streamSSE with a loop that sleeps, the others with their own setting.',
  figures: {
    heartbeatUs: {
      title: 'CPU a heartbeat',
      unit: 'µs',
      ratio: true,
      notShown: 'a heartbeat each second, to have enough of them; in use it is one in 15 seconds.',
    },
    clientCpu: CLIENT_CPU,
  },
  rivals: ['raw', 'stream-sse', 'swapstream'],
  cases: (run) => [`${streamsOf(run)} streams`],
  // Each heartbeat of thousands is a measurement.
  mostRounds: 1,
  fresh: true,
  async measure(server, _, run) {
    const streams = streamsOf(run)
    const everyMs = run.quick ? 500 : 1000
    const readings = await openIdle(server.port, streams, everyMs)
    const heartbeats = (): number => readings.reduce((sum, { seen }) => sum + seen.reads, 0)
    await sleep(everyMs)
    const before = heartbeats()
    const { cpuUs, clientCpu } = await cost(server, () => sleep(4 * everyMs))
    const count = heartbeats() - before
    for (const { reset } of readings) reset()
    if (count < streams * 3) throw new Error(`${server.rival} sent ${count} heartbeats only.`)
    return withClient({ heartbeatUs: cpuUs / count }, clientCpu)
  },
})
