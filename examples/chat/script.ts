import { setTimeout as sleep } from 'node:timers/promises'
import type { LlmMessage } from 'swapstream/models'

/** Questions that the script has an answer to. */
export const KNOWN_BY_HEART = [
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

The block \`response\` of **chat.html** is drawn again as the text grows, and only what has changed is sent:

| frame | what it carries |
|---|---|
| the first | the whole block |
| those in between | what has changed |
| the last | what has changed, and what takes back the help that the page was lent |
`

const LONG = Array.from(
  { length: 12 },
  (_, n) =>
    `${n + 1}. Scroll up while this is written: it stays where you are, and goes on below. At the end of the page it follows.\n`,
).join('')

let fails = false

/** Stands for a model: it knows a few things by heart, and what was said before. */
export async function* script(
  messages: readonly LlmMessage[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const said = messages.filter(({ role }) => role === 'user').map(({ content }) => String(content))
  const asked = said.at(-1)!.toLowerCase()
  fails = asked.includes('fail') && !fails
  for (const word of textFor(asked, said.slice(0, -1)).split(/(?<= |\n)/)) {
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
    return `Before this you said ${before.length === 1 ? 'one thing' : `${before.length} things`}, first: “${before[0]}”. That is all I can do with what I am told: I am a script. Start with \`MODEL=provider:model\`, and a model answers.`
  return `I am **a script**, not a model: I say what stands in \`examples/chat/script.ts\`. Ask me for:

- *code*: a highlighted example and a table
- something *long*: scroll while it is written, reload, press Stop
- a *fail*ure: the text stays, and Retry asks again
- anything else: then I tell what you said before

Start with \`MODEL=provider:model\`, and a model answers.`
}
