import { english } from 'swapstream/core'
import type { Language } from './language.ts'

export const en: Language = {
  texts: english,
  title: 'Chat',
  newChat: 'New chat',
  welcome: 'What shall we talk about?',
  topics: [
    'Explain server-sent events',
    'Write a haiku about patience',
    'Plan a weekend in Lisbon',
  ],
  script: {
    name: 'a script, not a model',
    questions: ['Who are you?', 'Show me some code', 'Write something long', 'Fail, please'],
    asksFor: { code: 'code', long: 'long', failure: 'fail' },
    whoAmI: `I am **a script**, not a model: I say what stands in \`examples/chat/languages/en.ts\`. Ask me for:

- *code*: a highlighted example and a table
- something *long*: scroll while it is written, reload, press Stop
- a *fail*ure: the text stays, and Retry asks again
- anything else: then I repeat what you asked before

Start with \`MODEL=provider:model\`, and a model answers.`,
    code: `Here is a route that streams:

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
`,
    line: 'Scroll up while this streams: the page stays where you are, and goes on below. At its end it follows.',
    breaksOff:
      'This answer breaks off in the middle. What is written stays, with Retry below it, and when you press that',
    secondTry:
      'The second try goes through. The first one is gone: a question is asked twice, and stands here once.',
    remembers: (count, first) =>
      `Before this you asked ${count === 1 ? 'one thing' : `${count} things`}, first: “${first}”. That is all I can do: I am a script. Start with \`MODEL=provider:model\`, and a model answers.`,
  },
}
