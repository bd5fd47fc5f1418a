import { field, fields } from './field.ts'
import type { Emit } from './part.ts'

/** The small words that all readers of chunks share: each gives one part, or nothing when the provider said nothing. */
export function emitText(text: unknown, emit: Emit): void {
  if (typeof text === 'string' && text !== '') emit({ type: 'text', text })
}

export function emitReasoning(text: unknown, raw: unknown, emit: Emit): void {
  if (typeof text === 'string' && text !== '') emit({ type: 'reasoning', text, raw })
}

export function emitTool(name: unknown, raw: unknown, emit: Emit): void {
  emit({ type: 'tool', ...fields({ name: 'string' }, { name }), raw })
}

export function emitSource(source: unknown, raw: unknown, emit: Emit): void {
  const place = {
    url: field(source, 'url'),
    title: field(source, 'title') ?? field(source, 'document_title'),
  }
  emit({ type: 'source', ...fields({ url: 'string', title: 'string' }, place), raw })
}

/** Each provider counts under names of its own. */
export function emitUsage(usage: unknown, raw: unknown, emit: Emit): void {
  if (usage === null || typeof usage !== 'object') return
  const first = (...names: string[]): unknown =>
    names.map((name) => field(usage, name)).find((count) => typeof count === 'number')
  const counted = fields(
    { inputTokens: 'number', outputTokens: 'number' },
    {
      inputTokens: first(
        'inputTokens',
        'input_tokens',
        'prompt_tokens',
        'prompt_eval_count',
        'promptTokens',
      ),
      outputTokens: first(
        'outputTokens',
        'output_tokens',
        'completion_tokens',
        'eval_count',
        'completionTokens',
      ),
    },
  )
  if (Object.keys(counted).length > 0) emit({ type: 'usage', ...counted, raw })
}

export function emitFinish(reason: unknown, raw: unknown, emit: Emit): void {
  emit({ type: 'finish', ...fields({ reason: 'string' }, { reason }), raw })
}
