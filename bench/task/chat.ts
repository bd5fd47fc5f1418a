import { readFileSync } from 'node:fs'

/** Seen from `dist/task/`, where this runs. */
const folder = new URL('../../task/chat/', import.meta.url)

/** A chat page with a layout, an import and a block inside a block. */
export const CHAT: Readonly<Record<string, string>> = Object.fromEntries(
  ['layout.html', 'chat.html', 'ui.html'].map((name) => [
    name,
    readFileSync(new URL(name, folder), 'utf8'),
  ]),
)

const words = 'the quick brown fox jumps over a lazy dog while it rains, & the sun shines. '

export function prose(chars: number): string {
  return words.repeat(Math.ceil(chars / words.length)).slice(0, chars)
}

/** What the page shows: eight links and thirty messages. */
export const CONTEXT = {
  title: 'Chat',
  user: { name: 'Ada' },
  links: Array.from({ length: 8 }, (_, at) => ({ href: `/l/${at}`, label: `Link ${at}` })),
  messages: Array.from({ length: 30 }, (_, at) => ({
    role: at % 2 ? 'bot' : 'user',
    text: prose(80),
  })),
  id: 'answer-1',
  text: '',
}
