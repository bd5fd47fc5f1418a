import { setTimeout as sleep } from 'node:timers/promises'

export interface Order {
  readonly id: number
  readonly day: string
  readonly customer: string
  readonly cents: number
}

/** A position in the rows of a query. The database keeps it open, so it must be closed. */
export interface Cursor<Row> {
  /** The next rows; none at the end. */
  read(count: number): Promise<readonly Row[]>
  close(): Promise<void>
}

export interface Connection {
  query(sql: string, values: readonly string[]): Cursor<Order>
  /** Returns the connection to the pool. */
  release(): void
}

export interface Pool {
  connect(): Promise<Connection>
  /** What is in use now, and the rows read so far. */
  readonly use: { readonly connections: number; readonly cursors: number; readonly rows: number }
}

const ORDERS = 200_000
const HALF_HOUR = 1_800_000
const NEWEST = Date.UTC(2026, 5, 30)

/** A stand-in for your database and its driver: a small pool of connections, and slow rows. */
export function createPool(size: number): Pool {
  const use = { connections: 0, cursors: 0, rows: 0 }
  const waiting: (() => void)[] = []
  return {
    use,
    async connect() {
      if (use.connections === size) await new Promise<void>((resolve) => waiting.push(resolve))
      else use.connections += 1
      return {
        query: (_sql, [since = '']) => openCursor(since, use),
        release() {
          const next = waiting.shift()
          if (next) next()
          else use.connections -= 1
        },
      }
    },
  }
}

function openCursor(since: string, use: { cursors: number; rows: number }): Cursor<Order> {
  const isWanted = ({ day }: Order): boolean => day >= since
  let at = 0
  use.cursors += 1
  return {
    async read(count) {
      await sleep(5)
      const rows: Order[] = []
      for (; at < ORDERS && rows.length < count; at++) {
        const order = orderAt(at)
        if (isWanted(order)) rows.push(order)
      }
      use.rows += rows.length
      return rows
    },
    async close() {
      use.cursors -= 1
    },
  }
}

function orderAt(at: number): Order {
  const day = new Date(NEWEST - (ORDERS - at - 1) * HALF_HOUR).toISOString().slice(0, 10)
  return { id: at + 1, day, customer: `C-${(at * 7919) % 4999}`, cents: (at * 3571) % 90_000 }
}
