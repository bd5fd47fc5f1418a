import { setTimeout as sleep } from 'node:timers/promises'
import type { LlmMessage } from 'swapstream/models'
import type { Language, ScriptWords } from './languages/language.ts'

const LINES = 12

let fails = false

/** A stand-in for a model: it knows a few answers, and the messages before. */
export async function* script(
  messages: readonly LlmMessage[],
  signal: AbortSignal,
  { script: words }: Language,
): AsyncGenerator<string> {
  const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => String(content))
  const question = asked.at(-1)!.toLowerCase()
  fails = question.includes(words.asksFor.failure) && !fails
  for (const word of textFor(question, asked.slice(0, -1), words).split(/(?<= |\n)/)) {
    await sleep(28, undefined, { signal })
    yield word
  }
  if (fails) throw new Error('The script fails as it was asked to.')
}

function textFor(asked: string, before: readonly string[], words: ScriptWords): string {
  const { asksFor, line } = words
  if (asked.includes(asksFor.code)) return words.code
  if (asked.includes(asksFor.long))
    return Array.from({ length: LINES }, (_, n) => `${n + 1}. ${line}\n`).join('')
  if (asked.includes(asksFor.failure)) return fails ? words.breaksOff : words.secondTry
  return before.length > 0 ? words.remembers(before.length, before[0]!) : words.whoAmI
}
