import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { recordingLog } from '../support/recording-log.ts'

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end()
})

async function listening(): Promise<number> {
  const app = new Hono()
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  app.on(['POST', 'PUT', 'DELETE'], '/form', async (c) =>
    c.text(String((await c.req.parseBody())['prompt'])),
  )
  app.get('/next', (c) => c.text('next'))
  const server = serve(app, { port: 0, hostname: '127.0.0.1', signals: false, onListen() {} })
  toEnd.push(() => server.close(0))
  return Number(new URL(await server.ready).port)
}

/**
 * Sends a body in pieces without looking at the answer, unless it awaits a 100, and then another request. Out: all that
 * was answered.
 */
function sent(
  port: number,
  path: string,
  origin: string,
  pieces: number,
  { method = 'POST', awaits100 = false } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    toEnd.push(() => socket.destroy())
    let answered = ''
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`Closed after ${answered.slice(0, 40)}`)))
    socket.on('data', (data) => {
      answered += data
      if (answered.endsWith('next')) resolve(answered)
    })
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const host = `Host: 127.0.0.1:${port}\r\nOrigin: ${origin}`
    const head = `${method} ${path} HTTP/1.1\r\n${host}\r\n${type}`
    const expects = awaits100 ? '\r\nExpect: 100-continue' : ''
    socket.write(`${head}\r\nTransfer-Encoding: chunked${expects}\r\n\r\n`)
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`
    let count = 0
    const more = (): void => {
      count += 1
      if (count <= pieces) return void socket.write(piece, () => setTimeout(more, 10))
      socket.write(`0\r\n\r\nGET /next HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    }
    if (awaits100) socket.once('data', more)
    else more()
  })
}

test.each([
  ['too large', '/form', 'same', 'HTTP/1.1 413 '],
  ['too large for a page that is not there', '/nowhere', 'same', 'HTTP/1.1 413 '],
  ['from another site', '/form', 'http://other.example', 'HTTP/1.1 403 '],
])(
  'a body in pieces that is %s is answered, and so is the next request',
  async (_, path, origin, status) => {
    const port = await listening()
    const from = origin === 'same' ? `http://127.0.0.1:${port}` : origin
    // 4 MB, for longer than a server waits that does not read on.
    const answered = await sent(port, path, from, 64)
    expect(answered.startsWith(status)).toBe(true)
    expect(answered).toMatch(/HTTP\/1\.1 200 OK[^]*next$/)
  },
)

test.each([
  ['PUT', false, /^HTTP\/1\.1 413 /],
  ['DELETE', false, /^HTTP\/1\.1 413 /],
  ['POST', true, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 413 /],
])('so is one of a %s (awaits a 100 first: %s)', async (method, awaits100, start) => {
  const port = await listening()
  const answered = await sent(port, '/form', `http://127.0.0.1:${port}`, 64, { method, awaits100 })
  expect(answered).toMatch(start)
  expect(answered).toMatch(/HTTP\/1\.1 200 OK[^]*next$/)
})
