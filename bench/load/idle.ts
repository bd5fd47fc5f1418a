import { open, type Reading } from './client.ts'

/** So many connections are opened at once. */
const AT_ONCE = 200

/** Opens streams that show one token and then wait. Throws when not all of them could be opened in time. */
export async function openIdle(
  port: number,
  streams: number,
  heartbeatMs = 0,
  timeoutMs = 120_000,
): Promise<Reading[]> {
  const until = performance.now() + timeoutMs
  const readings: Reading[] = []
  while (readings.length < streams) {
    if (performance.now() > until)
      throw new Error(`Only ${readings.length} of ${streams} streams were open in time.`)
    const size = Math.min(AT_ONCE, streams - readings.length)
    const batch = Array.from({ length: size }, () => shown(port, heartbeatMs))
    readings.push(...(await Promise.all(batch)))
  }
  return readings
}

function shown(port: number, heartbeatMs: number): Promise<Reading> {
  return new Promise((resolve, reject) => {
    const reading = open(
      port,
      { n: 1, source: 'idle', heartbeatMs },
      { onShown: () => resolve(reading) },
    )
    void reading.done.then(
      ({ shown: any }) => any || reject(new Error('An idle stream was closed.')),
    )
  })
}
