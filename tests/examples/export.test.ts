import { describe, expect, test } from 'vitest'
import { readNDJSON } from 'swapstream/client'
import { eventually } from '../support/eventually.ts'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms()
const SERVER = 'examples/export/server.ts'
const poolOf = async (url: string): Promise<Record<string, number>> =>
  (await fetch(`${url}/pool`)).json()

describe('examples/export', () => {
  test('gives the rows one a line, as a file, and closes its cursor behind the last', async () => {
    const url = await run(SERVER, [], { PORT: '0' }).url
    const response = await fetch(`${url}/orders?since=2026-06-01`)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': 'attachment; filename="orders.ndjson"',
    })
    const rows: { id: number; day: string }[] = []
    for await (const row of readNDJSON<{ id: number; day: string }>(response)) rows.push(row)
    expect(rows.at(-1)).toEqual({
      id: 200_000,
      day: '2026-06-30',
      customer: 'C-3902',
      cents: 46_429,
    })
    expect(rows.every(({ day }) => day >= '2026-06-01')).toBe(true)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(29 * 48 + 1)
    await eventually(async () =>
      expect(await poolOf(url)).toMatchObject({ connections: 0, cursors: 0 }),
    )
  })

  test('gives everything back when downloads are cancelled: in the middle, and while they wait for a connection', async () => {
    const url = await run(SERVER, [], { PORT: '0' }).url
    const leaving = new AbortController()
    const downloads = Array.from({ length: 6 }, () =>
      fetch(`${url}/orders`, { signal: leaving.signal }).then((response) =>
        response.body!.getReader().read(),
      ),
    )
    await Promise.any(downloads)
    await eventually(async () => expect(await poolOf(url)).toMatchObject({ cursors: 3 }))
    leaving.abort()
    await Promise.allSettled(downloads)
    await eventually(async () =>
      expect(await poolOf(url)).toMatchObject({ connections: 0, cursors: 0 }),
    )
    const { rows } = await poolOf(url)
    expect(rows).toBeLessThan(3 * 200_000)
    expect((await fetch(`${url}/orders?since=2026-06-30`)).status).toBe(200)
  })

  test('opens nothing for HEAD', async () => {
    const url = await run(SERVER, [], { PORT: '0' }).url
    expect((await fetch(`${url}/orders`, { method: 'HEAD' })).status).toBe(200)
    expect(await poolOf(url)).toEqual({ connections: 0, cursors: 0, rows: 0 })
  })
})
