import type { Texts } from 'swapstream/core'

/** All that the page says in one language: the texts of swapstream, those of this app, and the answers of its script. */
export interface Language {
  readonly texts: Texts
  readonly title: string
  readonly newChat: string
  readonly welcome: string
  /** Questions to begin with, for a model. */
  readonly topics: readonly string[]
  readonly script: ScriptWords
}

/** The script that stands in for a model: questions that it can answer, and its answers. */
export interface ScriptWords {
  readonly name: string
  readonly questions: readonly string[]
  /** Parts of a question, in lower case, that ask for something. */
  readonly asksFor: Readonly<Record<'code' | 'long' | 'failure', string>>
  readonly whoAmI: string
  readonly code: string
  /** A line that is repeated. */
  readonly line: string
  readonly breaksOff: string
  readonly secondTry: string
  readonly remembers: (count: number, first: string) => string
}
