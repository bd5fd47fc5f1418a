import { describe, expect, test } from 'vitest'
import { readNDJSON } from 'swapstream/client'

const NDJSON = { headers: { 'content-type': 'application/x-ndjson' } }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function bodyOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift()
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    },
  })
}

async function read(chunks: readonly Uint8Array[]): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of readNDJSON(new Response(bodyOf(chunks), NDJSON))) values.push(value)
  return values
}

describe('readNDJSON', () => {
  const VALUES = [{ title: 'Grüße 👋', lines: 'a\nb\u2028c' }, 'text', 1.5, null, [true]]

  test.each([
    ['LF', '\n', ''],
    ['LF, also at the end', '\n', '\n'],
    ['CRLF', '\r\n', '\r\n'],
    ['empty lines', '\n\n', '\n\n'],
  ])('gives the same values wherever the bytes are cut: %s', async (_, between, end) => {
    const whole = bytes(`\uFEFF${VALUES.map((value) => JSON.stringify(value)).join(between)}${end}`)
    for (let at = 0; at <= whole.length; at++)
      expect(await read([whole.slice(0, at), whole.slice(at)])).toEqual(VALUES)
    expect(await read([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(VALUES)
  })

  test('names the line that is no JSON, after the values before it', async () => {
    const values: unknown[] = []
    const drain = async (): Promise<void> => {
      for await (const value of readNDJSON(new Response(bodyOf([bytes('1\n2\n{"a":')]), NDJSON)))
        values.push(value)
    }
    await expect(drain()).rejects.toMatchObject({
      code: 'source/value',
      message: expect.stringContaining('Line 3 is no JSON: "{\\"a\\":".'),
    })
    expect(values).toEqual([1, 2])
  })

  test('cancels the body when the loop is left', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes('{"n":1}\n')),
      cancel: () => void (cancelled = true),
    })
    for await (const { n } of readNDJSON<{ n: number }>(new Response(body, NDJSON))) {
      expect(n).toBe(1)
      break
    }
    expect(cancelled).toBe(true)
  })

  test('joins a long line without looking through it again and again', async () => {
    const piece = bytes('x'.repeat(1_000))
    const chunks = [bytes('"'), ...Array.from({ length: 4_000 }, () => piece), bytes('"\n')]
    const [text] = (await read(chunks)) as [string]
    expect(text).toHaveLength(4_000_000)
  })

  test('throws for an error status and another type', async () => {
    await expect(readNDJSON(new Response('', { status: 500 })).next()).rejects.toThrow(/status 500/)
    const page = new Response('<p>', { headers: { 'content-type': 'text/html' } })
    await expect(readNDJSON(page).next()).rejects.toThrow(/text\/html, not NDJSON/)
  })
})
