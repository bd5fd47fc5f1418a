import { setTimeout as sleep } from 'node:timers/promises'
import { openIdle } from '../load/idle.ts'
import { CLIENT_CPU, cost, inRounds, withClient, type Scenario } from './scenario.ts'

export const heartbeat: Scenario = {
  name: 'heartbeat',
  title: 'Heartbeats of idle streams',
  what: 'Idle streams that show a sign of life: raw with an interval each, streamSSE with a loop that sleeps, the others with their own setting.',
  figures: {
    beatUs: {
      title: 'CPU a beat',
      unit: 'µs',
      ratio: true,
      notShown: 'a beat each second, to have enough of them; in use it is one in 15 seconds.',
    },
    clientCpu: CLIENT_CPU,
  },
  run(run) {
    const streams = run.quick ? 500 : 5000
    const beatMs = run.quick ? 500 : 1000
    return inRounds(
      run,
      {
        figures: this.figures,
        rivals: ['raw', 'stream-sse', 'swapstream'],
        cases: [`${streams} streams`],
        // Each beat of thousands is a measurement.
        rounds: 1,
        fresh: true,
      },
      async (server) => {
        const readings = await openIdle(server.port, streams, beatMs)
        const beats = (): number => readings.reduce((sum, { seen }) => sum + seen.reads, 0)
        await sleep(beatMs)
        const before = beats()
        const { cpuUs, clientCpu } = await cost(server, () => sleep(4 * beatMs))
        const count = beats() - before
        for (const { reset } of readings) reset()
        if (count < streams * 3) throw new Error(`${server.rival} beat ${count} times only.`)
        return withClient({ beatUs: cpuUs / count }, clientCpu)
      },
    )
  },
}
