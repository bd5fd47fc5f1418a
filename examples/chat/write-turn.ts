import { Fragment, streamToFragments, type StreamContext } from 'swapstream'
import type { Conversation, Turn } from './conversations.ts'
import type { Language } from './languages/language.ts'
import type { Model } from './model.ts'

/** Writes a turn: its question at once, then its answer, which is stored as it grows. */
export async function* writeTurn(
  turn: Turn,
  { messages }: Conversation,
  model: Model,
  language: Language,
  { signal, run }: StreamContext,
): AsyncGenerator<Fragment> {
  const { id, prompt, insteadOf } = turn
  if (insteadOf !== undefined) {
    const target = `#turn-${insteadOf}`
    yield new Fragment('chat.html', 'status', {}, { target, swap: 'delete' })
  }
  yield* streamToFragments(stored(), 'chat.html', 'turn', {
    extraContext: { id, prompt, run: run?.path },
    statusBlock: 'status',
  })

  async function* stored(): AsyncGenerator<string> {
    for await (const token of model.answer(messages, signal, language)) {
      turn.text += token
      yield token
    }
  }
}
