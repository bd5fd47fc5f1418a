import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach } from 'vitest'

/** A network between a browser and a server that can be cut: as a proxy, a tunnel or a lost link would. */
export interface Network {
  readonly url: string
  /** Cuts all that is connected now. What asks again gets through, unless the network is down. */
  cut(): void
  /** As long as it is down, nothing gets through. */
  down: boolean
  /** The first lines of the requests that got through, by connection reuse also several of one. */
  readonly asked: string[]
}

export function useNetwork(): (url: string) => Promise<Network> {
  const closes: (() => void)[] = []
  afterEach(() => {
    for (const close of closes.splice(0)) close()
  })
  return async (url) => {
    const { hostname, port } = new URL(url)
    const sockets = new Set<Socket>()
    const network = { url: '', down: false, asked: [] as string[], cut: () => cut() }
    const cut = (): void => {
      for (const socket of sockets) socket.destroy()
    }
    const server = createServer((client) => {
      if (network.down) return client.destroy()
      const upstream = connect(Number(port), hostname)
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(one)
        one.on('error', () => {})
        one.on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
      }
      client.on('data', (bytes) => {
        const line = /^[A-Z]+ \S+/.exec(bytes.toString('latin1'))
        if (line) network.asked.push(line[0])
        upstream.write(bytes)
      })
      upstream.pipe(client)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    network.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    closes.push(() => {
      cut()
      server.close()
    })
    return network
  }
}
