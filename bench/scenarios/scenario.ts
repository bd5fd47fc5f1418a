import { open, type Seen } from '../load/client.ts'
import { many, type Arrived, type Load } from '../load/many.ts'
import { start, type Server } from '../load/server.ts'
import { Results, type Figure, type Figures } from '../report/results.ts'
import type { Rival } from '../rivals.ts'
import type { Asked } from '../task/ask.ts'
import { showsAll } from '../task/tokens.ts'

/** How a run was asked for. */
export interface Run {
  readonly rounds: number
  /** Only whether it works: small numbers, figures that mean nothing. */
  readonly quick: boolean
  /** What to measure; the others are left out. */
  readonly wants: (rival: Rival) => boolean
}

/** One thing that is measured. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** One paragraph: what happens. */
  readonly what: string
  readonly figures: Readonly<Record<string, Figure>>
  /** What the ratios are to; default `raw`. */
  readonly base?: string
  run(run: Run): Promise<Results>
}

/** Beyond this share of a core the load generator itself is what is measured. */
const MOST_CLIENT_CPU = 0.85

/** What a rival and its clients spent between two moments. */
export interface Cost {
  /** User and system time of the server, in µs. */
  readonly cpuUs: number
  readonly wallMs: number
  /** The load generator's share of a core. */
  readonly clientCpu: number
}

/** Measures what `work` costs the server. */
export async function cost<T>(server: Server, work: () => Promise<T>): Promise<Cost & { out: T }> {
  const before = await server.tell('cpu')
  const client = process.cpuUsage()
  const startedAt = performance.now()
  const out = await work()
  const wallMs = performance.now() - startedAt
  const spent = process.cpuUsage(client)
  const after = await server.tell('cpu')
  return {
    out,
    wallMs,
    cpuUs: after.user + after.system - before.user - before.system,
    clientCpu: (spent.user + spent.system) / 1000 / wallMs,
  }
}

/** The figures with the generator's share beside them; void when it was the generator that was measured. */
export function withClient(figures: Figures, clientCpu: number): Figures {
  const kept = clientCpu > MOST_CLIENT_CPU ? said(figures, 'void') : figures
  return { ...kept, clientCpu: clientCpu * 100 }
}

export const CLIENT_CPU: Figure = {
  title: 'generator',
  unit: '%',
  notShown: `it is the load generator's share of its own core; above ${MOST_CLIENT_CPU * 100} % the other figures of the row are void.`,
}

/** Why there is no number, in the place of each. */
function said(figures: object, why: string): Figures {
  return Object.fromEntries(Object.keys(figures).map((name) => [name, why]))
}

/** CPU of the server for each token that arrived. */
export const CPU_A_TOKEN: Figure = {
  title: 'CPU a token',
  unit: 'µs',
  ratio: true,
  notShown:
    'user and system time of the server process, its sources included; a server with more or less to do shares other costs.',
}

/** From when a token was due to its arrival. */
export const P99: Figure = {
  title: 'p99',
  unit: 'ms',
  notShown: 'a network, and the browser; default frames wait on purpose, longer in a busy process.',
}

export interface Rounds {
  readonly figures: Scenario['figures']
  readonly rivals: readonly Rival[]
  /** Such as `N = 500`. */
  readonly cases: readonly string[]
  readonly rounds: number
  /**
   * Each measurement gets a process of its own. Otherwise a rival's lives through the rounds, and the first measurement
   * of each case is a rehearsal that does not count.
   */
  readonly fresh?: boolean
}

/**
 * Measures each rival once in each round, one after the other, so that whatever disturbs the machine disturbs all of them.
 *
 * @param measure One measurement, or its rehearsal; no figures at all when a rival is left out of that case.
 */
export async function inRounds(
  run: Run,
  { figures, rivals, cases, rounds, fresh = false }: Rounds,
  measure: (server: Server, at: string, rehearsal: boolean) => Promise<Figures>,
): Promise<Results> {
  const results = new Results()
  const servers = new Map<Rival, Server>()
  const drop = async (rival: Rival): Promise<void> => {
    await servers.get(rival)?.stop()
    servers.delete(rival)
  }
  for (const at of cases) {
    process.stderr.write(`${at} `)
    for (let round = fresh ? 1 : 0; round <= rounds; round++) {
      for (const rival of rivals.filter(run.wants)) {
        try {
          const server = servers.get(rival) ?? (await start(rival))
          if (!servers.has(rival)) await prove(server)
          servers.set(rival, server)
          const measured = await measure(server, at, round === 0)
          if (round > 0) results.add(at, rival, measured)
          if (fresh) await drop(rival)
        } catch (error) {
          process.stderr.write(`${rival}: ${String(error)}\n`)
          results.add(at, rival, said(figures, 'failed'))
          await drop(rival)
        }
      }
      process.stderr.write('.')
    }
    process.stderr.write('\n')
  }
  for (const rival of servers.keys()) await drop(rival)
  return results
}

/** Before anything is measured: an answer of this rival shows every token, none twice and none out of order. */
async function prove({ port, rival }: Server): Promise<void> {
  const n = 100
  const pieces: Buffer[] = []
  const onBytes = (bytes: Buffer): void => void pieces.push(Buffer.from(bytes))
  const { ended } = await open(port, { n }, { onBytes }).done
  if (!ended || !showsAll(Buffer.concat(pieces), n))
    throw new Error(`An answer of ${rival} is not whole.`)
}

/**
 * Measures what many streams cost the server.
 *
 * Throws  when a token has not arrived.
 */
export async function loaded(server: Server, load: Load): Promise<Cost & { out: Arrived }> {
  const costs = await cost(server, () => many(server.port, load))
  const { delivered, ended } = costs.out
  if (delivered < 1) {
    const share = (delivered * 100).toFixed(1)
    throw new Error(
      `${server.rival} delivered ${share} %, and ended ${ended} of ${load.streams} answers.`,
    )
  }
  return costs
}

/** The same, for so long that the server's code is compiled: nothing is measured. */
export async function rehearsed(server: Server, load: Load, { quick }: Run): Promise<Figures> {
  await many(server.port, { ...load, tokens: quick ? 10 : 100 })
  return {}
}

/** Reads one answer to its end. Throws when it is not whole: that is a failure, however fast it was. */
export async function whole(
  { port, rival }: Server,
  asked: { n: number } & Partial<Asked>,
): Promise<Seen> {
  const seen = await open(port, asked).done
  if (seen.ended && seen.shown === asked.n) return seen
  throw new Error(`${rival} showed ${seen.shown} of ${asked.n} tokens.`)
}
