import { createServer } from 'node:http'
import { ServerSentEventGenerator } from '@starfederation/datastar-sdk/node'
import { ask, read } from '../task/ask.ts'
import { draw } from '../task/template.ts'
import type { Listen } from '../rivals.ts'

const WHERE = { selector: '#answer', mode: 'inner' } as const

const listen: Listen = (ready) => {
  const server = createServer((request, response) => {
    const left = new AbortController()
    void ServerSentEventGenerator.stream(
      request,
      response,
      async (stream) => {
        let text = ''
        for await (const token of ask(read(request.url!), left.signal)) {
          text += token
          stream.patchElements(draw({ text, streaming: true }), WHERE)
        }
        stream.patchElements(draw({ text, streaming: false }), WHERE)
      },
      { onAbort: () => left.abort() },
    )
  })
  server.listen(0, '127.0.0.1', () => ready((server.address() as { port: number }).port))
}
export default listen
