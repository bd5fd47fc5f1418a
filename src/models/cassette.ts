import type { Part } from './part.ts'

/** What a model said, and when: plain JSON, the same for every provider. */
export interface Recording {
  readonly version: 1
  /** The parts, each with the milliseconds since the source was asked. */
  readonly parts: readonly { readonly atMs: number; readonly part: Part }[]
  readonly end: RecordingEnd
}

/** How a recording ended: by itself, because nobody wanted more, or with an error. */
export interface RecordingEnd {
  readonly atMs: number
  readonly as: 'whole' | 'cut' | 'failed'
  /** What the error said. */
  readonly message?: string
}
