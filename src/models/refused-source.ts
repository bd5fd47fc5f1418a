import { SourceError } from '../shared/errors.ts'
import { field } from './field.ts'
import { kindOf } from './kind-of.ts'

/** Answers that are finished, by what only they have, and how each is asked for as a stream. */
const FINISHED: readonly (readonly [
  is: (value: unknown) => boolean,
  what: string,
  cure: string,
])[] = [
  [
    (value) => Array.isArray(field(value, 'choices')),
    'a finished chat completion',
    'Pass `stream: true` to create().',
  ],
  [
    (value) => field(value, 'object') === 'response' || Array.isArray(field(value, 'output')),
    'a finished response of OpenAI',
    'Pass `stream: true` to create().',
  ],
  [
    (value) => field(value, 'type') === 'message',
    'a finished message of Anthropic',
    'Pass `stream: true` to create(), or use messages.stream().',
  ],
  [
    (value) => typeof field(value, 'done') === 'boolean',
    'a finished answer of Ollama',
    'Pass `stream: true`.',
  ],
  [
    (value) => typeof field(value, 'text') === 'string' && 'content' in Object(value),
    'a finished message',
    'Use stream() instead of invoke().',
  ],
  [
    (value) => typeof field(value, 'text') === 'string',
    'a finished text',
    'Use streamText() instead of generateText(), or hand on its text.',
  ],
]

/** What was given instead of a source, and what was probably meant. */
export function refusedSource(value: unknown): SourceError {
  const finished = FINISHED.find(([is]) => is(value))
  return finished
    ? new SourceError('source/value', `This is ${finished[1]}, not a stream.`, {
        hint: finished[2],
      })
    : new SourceError(
        'source/value',
        `A source of tokens is a stream of a model or an iterable of strings, but this is ${kindOf(value)}.`,
        { hint: 'An async generator of strings always fits.' },
      )
}
