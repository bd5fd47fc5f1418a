import type { GrowingMarkdown, MarkdownUpdate } from '../markdown/growing-markdown.ts'

/** So many different steps that led to the newest text are kept for those who follow at another pace. */
const MOST_STEPS = 8

interface Step {
  readonly from: string
  readonly to: string
  readonly final: boolean
  readonly update: MarkdownUpdate
}

/**
 * One growing Markdown text, read once for all who follow it: those who were shown the same get the same step.
 *
 * Cost    one update a step; who is not where the others are pays the text once, and is with them then.
 */
export class MarkdownSteps {
  readonly #open: () => GrowingMarkdown
  #newest: GrowingMarkdown | undefined
  #at = ''
  #steps: Step[] = []

  constructor(open: () => GrowingMarkdown) {
    this.#open = open
  }

  step(from: string, to: string, final: boolean): MarkdownUpdate {
    const known = this.#steps.find(
      (step) => step.from === from && step.to === to && step.final === final,
    )
    if (known) return known.update
    let markdown = this.#newest
    if (markdown === undefined || this.#at !== from) {
      markdown = this.#open()
      if (from !== '') markdown.update(from)
    }
    const update = markdown.update(to, { final })
    if (to.length >= this.#at.length) {
      // Steps to an older text lead nowhere: whoever takes one more goes to the newest.
      if (to !== this.#at) this.#steps = []
      this.#newest = final ? undefined : markdown
      this.#at = to
      if (this.#steps.length < MOST_STEPS) this.#steps.push({ from, to, final, update })
    } else if (markdown === this.#newest) this.#newest = undefined
    return update
  }
}

/** One who follows, from where he is. */
export class Follower implements GrowingMarkdown {
  readonly #steps: MarkdownSteps
  #at: string

  constructor(steps: MarkdownSteps, at: string = '') {
    this.#steps = steps
    this.#at = at
  }

  /** Another one, who has been shown a text. */
  again(text: string): Follower {
    return new Follower(this.#steps, text)
  }

  update(
    text: string,
    { final = false }: Parameters<GrowingMarkdown['update']>[1] = {},
  ): MarkdownUpdate {
    const update = this.#steps.step(this.#at, text, final)
    this.#at = text
    return update
  }
}
