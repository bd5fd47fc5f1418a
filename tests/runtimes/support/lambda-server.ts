/** Calls a handler of AWS Lambda for each request, with the event of a function URL, as its own runtime does. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'

interface Metadata {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly cookies: string[]
}
type Handler = (event: object, stream: PassThrough, context: object) => Promise<void>

const responses = new WeakMap<PassThrough, ServerResponse>()
Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: Handler) => handler,
    HttpResponseStream: {
      from(stream: PassThrough, { statusCode, headers, cookies }: Metadata) {
        responses.get(stream)!.writeHead(statusCode, { ...headers, 'set-cookie': cookies })
        return stream
      },
    },
  },
})
const { handler } = (await import('./lambda.ts')) as { handler: Handler }

const server = createServer(async (req, res) => {
  const stream = new PassThrough()
  responses.set(stream, res)
  stream.pipe(res)
  await handler(eventOf(req, await text(req)), stream, { awsRequestId: 'test' })
})
server.listen(0, '127.0.0.1', () => {
  console.log(`LISTEN ${(server.address() as AddressInfo).port}`)
})

/** The event of a function URL, and of API Gateway with payload format 2.0. */
function eventOf({ method, url = '/', headers, socket }: IncomingMessage, body: string): object {
  const [path = '/', query = ''] = url.split('?')
  const { cookie, ...rest } = headers
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    cookies: cookie?.split('; '),
    headers: rest,
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: headers.host,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: socket.remoteAddress },
      routeKey: '$default',
      stage: '$default',
    },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  }
}
