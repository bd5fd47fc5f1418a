import { tokens, type NonTextPart, type TokenSource } from '../../../src/core.ts'

export interface Answer {
  readonly texts: string[]
  readonly whole: string | undefined
  readonly parts: NonTextPart[]
  readonly error: unknown
}

/** Everything that a source says, and how it ended. */
export async function readAll(source: TokenSource): Promise<Answer> {
  const texts: string[] = []
  const parts: NonTextPart[] = []
  const read = tokens(source, { onPart: (part) => parts.push(part) })
  try {
    for (;;) {
      const { done, value } = await read.next()
      if (done) return { texts, whole: value, parts, error: undefined }
      texts.push(value)
    }
  } catch (error) {
    return { texts, whole: undefined, parts, error }
  }
}

/** The types of the parts, with what is spelt out of them. */
export const spelt = (parts: readonly NonTextPart[]): unknown[] =>
  parts.map((part) => Object.fromEntries(Object.entries(part).filter(([name]) => name !== 'raw')))
