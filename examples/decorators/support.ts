import { bearer } from 'swapstream'
import { Stream, UseGuards } from 'swapstream/decorators'
import { z } from 'zod'

const question = z.object({ question: z.string().min(1) })

/** The class gets this in its constructor, so that a test can pass something else. */
export interface Answers {
  find(question: string, signal: AbortSignal): AsyncIterable<string>
}

/** Streams as methods, for code that is organised in classes. Requests need the token. */
@UseGuards(bearer({ env: 'SUPPORT_TOKEN' }))
export class Support {
  readonly #answers: Answers

  constructor(answers: Answers) {
    this.#answers = answers
  }

  @Stream({ path: '/ask', auth: true, input: { json: question }, chunk: z.string() })
  async *ask({ json, signal }: Asked): AsyncGenerator<string> {
    yield* this.#answers.find(json.question, signal)
  }
}

/** A decorator checks the parameter against the schemas; it cannot infer its type. */
interface Asked {
  readonly json: z.output<typeof question>
  readonly signal: AbortSignal
}
