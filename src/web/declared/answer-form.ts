/** In which form a declared stream is answered. */
export type AnswerForm = 'events' | 'lines' | 'document'

const FORMS: Readonly<Record<string, AnswerForm>> = {
  'text/event-stream': 'events',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/json': 'document',
}

/**
 * The form that the client wants most. Events, unless it names another: a wildcard names nothing.
 *
 * @example answerForm('application/x-ndjson, text/event-stream;q=0.5') // → 'lines'
 * @example answerForm('*\/*') // → 'events'
 */
export function answerForm(accept: string | undefined): AnswerForm {
  let best: AnswerForm = 'events'
  let bestWeight = 0
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const form = FORMS[type]
    const weight = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1)
    if (form === undefined || !(weight > 0)) continue
    // Of two that are wanted alike, the one that needs no waiting.
    if (weight > bestWeight || (weight === bestWeight && form === 'events')) {
      best = form
      bestWeight = weight
    }
  }
  return best
}
