import { scope, type Source } from 'swapstream'
import type { Cursor, Order, Pool } from './database.ts'

/**
 * The orders since a day, out of a cursor: never more than one batch in memory, however many there are, and a slow
 * download slows the database down instead of filling a queue.
 */
export function orders(pool: Pool, since: string): Source<Order> {
  return scope(async function* () {
    const connection = await pool.connect()
    const cursor = connection.query('select * from orders where day >= $1 order by id', [since])
    yield rowsOf(cursor)
    // Runs exactly once: after the last row, after a failure, and when a download is cancelled.
    await cursor.close()
    connection.release()
  })
}

async function* rowsOf<Row>(cursor: Cursor<Row>): AsyncGenerator<Row> {
  for (;;) {
    const rows = await cursor.read(500)
    if (rows.length === 0) return
    yield* rows
  }
}
