import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { CONFORMANCE, expectAllFinished, useApp, useStats } from './support/child-app.ts'
import { encodeRequest, useConnections, type RawConnection } from './support/raw-connection.ts'
import { readEvents } from './support/read-events.ts'

const app = useApp(CONFORMANCE)
const { connect, request } = useConnections(() => app().port)
const stats = useStats(() => app().port)

const SHORT = ['one', 'two', 'three'].map((data) => ({ data }))
const DONE = { event: 'done', data: '{"reason":"done"}' }
const WAYS: Record<string, (connection: RawConnection) => void> = {
  destroy: ({ socket }) => socket.destroy(),
  FIN: ({ socket }) => socket.end(),
  RST: (connection) => connection.reset(),
}

describe('a client that leaves', () => {
  for (const [way, leave] of Object.entries(WAYS)) {
    for (const path of ['/tick', '/stuck', '/seeds/jero/idle']) {
      test(`by ${way} ends ${path}`, async () => {
        const { opened } = await stats()
        const response = await request(path)
        await response.until((body) => body.length > 0)
        expect(await stats()).toMatchObject({ opened: opened + 1, active: 1 })
        leave(response.connection)
        await expectAllFinished(stats)
      })
    }
  }

  test('before it has got anything leaves nothing behind', async () => {
    for (const path of ['/tick', '/stuck', '/seeds/jero/idle']) {
      const { socket } = await connect()
      socket.write(encodeRequest(path))
      await sleep(2)
      socket.destroy()
    }
    await expectAllFinished(stats)
    expect(app().log()).not.toMatch(/"level":"error"/)
  })

  test.each(['text/html', 'text/event-stream'])(
    'while its answer as %s is written ends that',
    async (accept) => {
      const { opened } = await stats()
      const { connection } = await request('/seeds/chirp/chat', {
        method: 'POST',
        headers: { accept },
        body: `prompt=${'word+'.repeat(3_000)}`,
      })
      await eventually(async () =>
        expect(await stats()).toMatchObject({ opened: opened + 1, active: 1 }),
      )
      connection.reset()
      await expectAllFinished(stats)
    },
  )

  test('by sending what is no request ends its stream', async () => {
    const response = await request('/tick')
    await response.until((body) => body.length > 0)
    response.connection.socket.write('\x00\x01 this is no request\r\n\r\n')
    expect(await response.complete).toBe(false)
    await expectAllFinished(stats)
  })

  test('while it still sends its body starts nothing', async () => {
    const { opened } = await stats()
    const { socket } = await connect()
    socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"data":')
    await sleep(50)
    socket.destroy()
    await sleep(50)
    expect(await stats()).toMatchObject({ opened, active: 0 })
  })

  test.each(Object.keys(WAYS))(
    'by %s stops a source that produces as fast as it can',
    async (way) => {
      const response = await request('/fire')
      await response.until((body) => body.length > 100_000)
      WAYS[way]!(response.connection)
      await expectAllFinished(stats)
      const { produced } = await stats()
      await sleep(100)
      expect((await stats()).produced).toBe(produced)
    },
  )

  test('is no failure: the log holds no error', async () => {
    await expectAllFinished(stats)
    expect(app().log()).not.toMatch(/"level":"(error|fatal)"/)
  })
})

describe('HEAD', () => {
  test.each([
    '/tick',
    '/stuck',
    '/short',
    '/fire',
    '/error-first',
    '/seeds/jero/idle',
    '/seeds/jero/setup-error',
  ])('of %s has the headers of the stream, and starts nothing', async (path) => {
    const { opened } = await stats()
    const response = await request(path, { method: 'HEAD' })
    const { status, headers } = await response.head
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
    await sleep(30)
    expect(response.connection.stray).toBe('')
    expect(await stats()).toMatchObject({ opened, active: 0 })
  })
})

describe('a stream that ends by itself', () => {
  test('says so once, last, and ends cleanly', async () => {
    const response = await request('/short')
    expect(readEvents(await response.text()).events).toEqual([...SHORT, DONE])
    await sleep(30)
    expect(response.connection.stray).toBe('')
    await expectAllFinished(stats)
  })

  test('leaves the connection to the next request', async () => {
    const connection = await connect()
    for (let round = 0; round < 3; round++) {
      const response = connection.request('/short')
      expect((await response.head).headers['connection']).toBe('keep-alive')
      expect(readEvents(await response.text()).events).toEqual([...SHORT, DONE])
    }
    expect(JSON.parse(await connection.request('/stats').text())).toMatchObject({ active: 0 })
  })

  test('is answered in order when requests are pipelined behind it', async () => {
    const connection = await connect()
    const responses = ['/short', '/stats', '/error-mid', '/short'].map((path) =>
      connection.request(path),
    )
    const bodies = await Promise.all(responses.map((response) => response.text()))
    expect(readEvents(bodies[0]!).events).toEqual([...SHORT, DONE])
    expect(JSON.parse(bodies[1]!)).toHaveProperty('opened')
    expect(readEvents(bodies[2]!).events.at(-1)!.event).toBe('error')
    expect(bodies[3]).toBe(bodies[0])
    expect(connection.stray).toBe('')
  })

  test('is written as it comes, whatever encoding the client takes', async () => {
    for (const encoding of ['identity', 'gzip, deflate, br, zstd']) {
      const response = await request('/tick', { headers: { 'accept-encoding': encoding } })
      const body = await response.until((text) => readEvents(text).events.length >= 3)
      expect(readEvents(body).events.slice(0, 2)).toEqual([{ data: 'tick 1' }, { data: 'tick 2' }])
      expect((await response.head).headers).not.toHaveProperty('content-encoding')
      response.connection.socket.destroy()
    }
    await expectAllFinished(stats)
  })
})

describe('a source that is silent', () => {
  test('sends a comment that no client sees, one each half second', async () => {
    const response = await request('/seeds/jero/idle')
    const body = await response.until((text) => readEvents(text).comments.length >= 3)
    expect(readEvents(body)).toEqual({
      events: [],
      comments: ['ping', 'ping', 'ping'],
      retries: [],
    })
    response.connection.socket.destroy()
    await expectAllFinished(stats)
  })

  test('gets no comments while it speaks', async () => {
    const response = await request('/tick')
    const body = await response.until((text) => readEvents(text).events.length >= 40)
    expect(readEvents(body).comments).toEqual([])
  })
})

describe('HTTP/1.0', () => {
  test.each([
    ['/short', [...SHORT, DONE]],
    ['/seeds/jero/idle', []],
  ])('gets %s without chunks, and the end of the connection as its end', async (path, events) => {
    const response = await request(path, { version: '1.0' })
    const { headers, status } = await response.head
    expect(status).toBe(200)
    expect(headers).not.toHaveProperty('transfer-encoding')
    if (events.length === 0) {
      await response.until((text) => text.startsWith(': ping\n\n'))
      response.connection.socket.destroy()
    } else {
      expect(readEvents(await response.text()).events).toEqual(events)
    }
    await expectAllFinished(stats)
  })

  test('does not stay open for a client that asks for it', async () => {
    const response = await request('/short', {
      version: '1.0',
      headers: { connection: 'keep-alive' },
    })
    expect(readEvents(await response.text()).events).toEqual([...SHORT, DONE])
    await response.connection.closed
  })
})

describe('many streams', () => {
  test('at once are independent of each other, and none stays', async () => {
    const { opened } = await stats()
    const open = await Promise.all(
      Array.from({ length: 60 }, (_, n) => request(['/tick', '/stuck'][n % 2]!)),
    )
    await Promise.all(open.map((response) => response.until((body) => body.length > 0)))
    expect((await stats()).active).toBe(60)
    open.forEach(({ connection }, n) => Object.values(WAYS)[n % 3]!(connection))
    await expectAllFinished(stats)
    expect((await stats()).opened).toBe(opened + 60)
  })

  test('that fail leave nothing behind', async () => {
    for (let round = 0; round < 20; round++) {
      const open = await Promise.all(
        ['/error-first', '/error-mid', '/error-undefined', '/short', '/stats'].flatMap((path) => [
          request(path),
          request(path),
        ]),
      )
      await Promise.all(open.map((response) => response.text()))
    }
    await eventually(async () => expect(await stats()).toMatchObject({ active: 0 }))
  })
})
