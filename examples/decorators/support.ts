import { bearer } from 'swapstream'
import { Stream, UseGuards } from 'swapstream/decorators'
import { z } from 'zod'

const question = z.object({ question: z.string().min(1) })

/** Whatever the class needs is handed to its constructor, so that a test can hand it something else. */
export interface Answers {
  find(question: string, signal: AbortSignal): AsyncIterable<string>
}

/** Streams as methods: for code that is organised in classes. Only who has the token may ask. */
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

/** A decorator checks the parameter against the schemas; it cannot give it its type. */
interface Asked {
  readonly json: z.output<typeof question>
  readonly signal: AbortSignal
}
