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
  readonly elapsedMs: number
  /** The load generator's share of a core. */
  readonly clientCpu: number
}

/** What a load cost the server, and what its clients saw. */
export interface LoadCost extends Cost {
  readonly load: Load
  readonly out: Arrived
  /** How many sources ended in the meantime. */
  readonly sources: number
}

/** Measures what `work` costs the server. */
export async function cost<T>(server: Server, work: () => Promise<T>): Promise<Cost & { out: T }> {
  const before = await server.tell('cpu')
  const client = process.cpuUsage()
  const startedAt = performance.now()
  const out = await work()
  const elapsedMs = performance.now() - startedAt
  const spent = process.cpuUsage(client)
  const after = await server.tell('cpu')
  return {
    out,
    elapsedMs,
    cpuUs: after.user + after.system - before.user - before.system,
    clientCpu: (spent.user + spent.system) / 1000 / elapsedMs,
  }
}

/** The figures with the generator's share beside them; void when it was the generator that was measured. */
export function withClient(figures: Figures, clientCpu: number): Figures {
  const valid = clientCpu > MOST_CLIENT_CPU ? without(figures, 'void') : figures
  return { ...valid, clientCpu: clientCpu * 100 }
}

export const CLIENT_CPU: Figure = {
  title: 'generator',
  unit: '%',
  notShown: `it is the load generator's share of its own core; above ${MOST_CLIENT_CPU * 100} % the other figures of the row are void.`,
}

/** Figures that say why there is no number. */
function without(figures: object, why: string): Figures {
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

/** A scenario in which rivals take turns: its head, and one measurement. */
export interface Turns extends Omit<Scenario, 'run'> {
  readonly rivals: readonly Rival[]
  /** Such as `N = 500`. */
  readonly cases: (run: Run) => readonly string[]
  /** Fewer rounds than asked for, where rounds hardly differ. */
  readonly mostRounds?: number
  /**
   * Each measurement gets a process of its own. Otherwise a rival's lives through the rounds, and the first measurement
   * of each case is a rehearsal that does not count.
   */
  readonly fresh?: boolean
  /** One measurement, or its rehearsal; no figures when a rival is left out of that case. */
  readonly measure: (server: Server, at: string, run: Run, rehearsal: boolean) => Promise<Figures>
}

/** Makes a scenario of a head and one measurement. */
export function inTurns(turns: Turns): Scenario {
  return { ...turns, run: (run) => takeTurns(run, turns) }
}

/** A scenario of many clients, each at a steady rate. */
export interface Loads extends Omit<Turns, 'measure'> {
  /** What the clients ask for; undefined when a rival is left out of that case. */
  readonly load: (at: string, run: Run, rival: Rival) => Load | undefined
  readonly figuresOf: (cost: LoadCost) => Figures
}

/** Makes a scenario of a load: rehearses it, measures it, and adds the share of the load generator. */
export function underLoad({ load, figuresOf, ...head }: Loads): Scenario {
  return inTurns({
    ...head,
    figures: { ...head.figures, clientCpu: CLIENT_CPU },
    async measure(server, at, run, rehearsal) {
      const asked = load(at, run, server.rival)
      if (asked === undefined) return {}
      if (rehearsal) return rehearsed(server, asked, run)
      const costs = await loaded(server, asked)
      return withClient(figuresOf(costs), costs.clientCpu)
    },
  })
}

/**
 * Measures each rival once in each round, one after the other, so that whatever disturbs the machine disturbs all of them.
 */
export async function takeTurns(
  run: Run,
  { figures, rivals, cases, mostRounds = Infinity, fresh = false, measure }: Turns,
): Promise<Results> {
  const results = new Results()
  const rounds = Math.min(run.rounds, mostRounds)
  const servers = new Map<Rival, Server>()
  const drop = async (rival: Rival): Promise<void> => {
    await servers.get(rival)?.stop()
    servers.delete(rival)
  }
  for (const at of cases(run)) {
    process.stderr.write(`${at} `)
    for (let round = fresh ? 1 : 0; round <= rounds; round++) {
      for (const rival of rivals.filter(run.wants)) {
        try {
          const server = servers.get(rival) ?? (await start(rival))
          if (!servers.has(rival)) await prove(server)
          servers.set(rival, server)
          const measured = await measure(server, at, run, round === 0)
          if (round > 0) results.add(at, rival, measured)
          if (fresh) await drop(rival)
        } catch (error) {
          process.stderr.write(`${rival}: ${String(error)}\n`)
          results.add(at, rival, without(figures, 'failed'))
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
async function loaded(server: Server, load: Load): Promise<LoadCost> {
  await server.tell('sources')
  const costs = await cost(server, () => many(server.port, load))
  const { endedAt } = await server.tell('sources')
  const { delivered, ended } = costs.out
  if (delivered < 1) {
    const share = (delivered * 100).toFixed(1)
    throw new Error(
      `${server.rival} delivered ${share} %, and ended ${ended} of ${load.streams} answers.`,
    )
  }
  return { ...costs, load, sources: endedAt.length }
}

/** The same, for so long that the server's code is compiled: nothing is measured. */
async function rehearsed(server: Server, load: Load, { quick }: Run): Promise<Figures> {
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
