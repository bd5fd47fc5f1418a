import type { Reply, Turn } from './conversation.ts'
import { write } from './model.ts'

/** Questions to begin with. */
export const suggestions = ['What can you do?', 'What did I ask before?']

/** Answers a question, with the conversation before it. */
export function reply(prompt: string, before: readonly Turn[], signal: AbortSignal): Reply {
  const messages = before
    .filter(({ reason }) => reason === 'done')
    .flatMap((turn) => [
      { role: 'user' as const, content: turn.prompt },
      { role: 'assistant' as const, content: turn.text },
    ])
  const scripted = `You asked: **${prompt}**

- I am a script, so this is all I know. A model answers when you set \`MODEL\`: see the README.
- ${before.length === 0 ? 'You have asked nothing before.' : `Before that you asked: ${before.at(-1)!.prompt}`}
- Reload the page while I write, press Stop, or turn JavaScript off: it goes on working.
`
  return { tokens: write([...messages, { role: 'user', content: prompt }], scripted, signal) }
}
