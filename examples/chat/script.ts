import { setTimeout as sleep } from 'node:timers/promises'
import type { LlmMessage } from 'swapstream/models'

/** Questions that the script can answer. */
export const KNOWN_QUESTIONS = [
  'Who are you?',
  'Show me some code',
  'Write something long',
  'Fail, please',
]

const CODE = `Here is a route that streams:

\`\`\`ts
import { EventStream, streamToFragments } from 'swapstream'

// The form decides where the answer lands.
app.post('/chat', async (c) => {
  const { prompt } = await c.req.parseBody()
  return new EventStream(({ signal }) =>
    streamToFragments(ask(String(prompt), signal), 'chat.html', 'response'),
  )
})
\`\`\`

The block \`response\` of **chat.html** is rendered again as the text grows, and only what has changed is sent:

| frame | what it carries |
|---|---|
| the first | the whole block |
| those in between | what has changed |
| the last | what has changed, and the removal of temporary elements |
`

const LONG = Array.from(
  { length: 12 },
  (_, n) =>
    `${n + 1}. Scroll up while this streams: the page stays where you are, and goes on below. At its end it follows.\n`,
).join('')

let fails = false

/** A stand-in for a model: it knows a few answers, and the messages before. */
export async function* script(
  messages: readonly LlmMessage[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => String(content))
  const question = asked.at(-1)!.toLowerCase()
  fails = question.includes('fail') && !fails
  for (const word of textFor(question, asked.slice(0, -1)).split(/(?<= |\n)/)) {
    await sleep(28, undefined, { signal })
    yield word
  }
  if (fails) throw new Error('The script fails as it was asked to.')
}

function textFor(asked: string, before: readonly string[]): string {
  if (asked.includes('code')) return CODE
  if (asked.includes('long')) return LONG
  if (asked.includes('fail'))
    return fails
      ? 'This answer breaks off in the middle. What is written stays, with Retry below it, and when you press that'
      : 'The second try goes through. The first one is gone: a question is asked twice, and stands here once.'
  if (before.length > 0)
    return `Before this you asked ${before.length === 1 ? 'one thing' : `${before.length} things`}, first: “${before[0]}”. That is all I can do: I am a script. Start with \`MODEL=provider:model\`, and a model answers.`
  return `I am **a script**, not a model: I say what stands in \`examples/chat/script.ts\`. Ask me for:

- *code*: a highlighted example and a table
- something *long*: scroll while it is written, reload, press Stop
- a *fail*ure: the text stays, and Retry asks again
- anything else: then I repeat what you asked before

Start with \`MODEL=provider:model\`, and a model answers.`
}
