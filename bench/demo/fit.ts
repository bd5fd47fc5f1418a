import { writeFileSync } from 'node:fs'
import {
  measureAnswer,
  measureSentence,
  sentencesOf,
  type Hit,
} from '../../examples/ask/ranking.ts'
import { WEIGHTS } from '../../examples/ask/weights.ts'
import { halves, isSource, openCorpus, says, type Corpus, type Question } from './questions.ts'

type Measured = Readonly<Record<string, number>>
/** What can be chosen for one question, and what of it is right. */
type Choice = readonly { readonly measured: Measured; readonly isRight: boolean }[]

/** How strongly large weights are avoided: forty questions must not decide alone. */
const RIDGE = 0.02
const STEPS = 1_500

const dot = (weights: Measured, measured: Measured): number =>
  Object.entries(measured).reduce((sum, [name, value]) => sum + value * weights[name]!, 0)

/** Descends along a gradient with momentum of its own for each weight (Adam). */
function descend(
  names: readonly string[],
  ridge: number,
  gradient: (weights: Measured) => Record<string, number>,
) {
  const weights: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]))
  const means = { ...weights }
  const squares = { ...weights }
  for (let step = 1; step <= STEPS; step++) {
    const slope = gradient(weights)
    for (const name of names) {
      const g = slope[name]! + ridge * weights[name]!
      means[name] = 0.9 * means[name]! + 0.1 * g
      squares[name] = 0.999 * squares[name]! + 0.001 * g * g
      const mean = means[name]! / (1 - 0.9 ** step)
      const square = squares[name]! / (1 - 0.999 ** step)
      weights[name]! -= (0.03 * mean) / (Math.sqrt(square) + 1e-8)
    }
  }
  return weights
}

/** Weights under which what is right is the most probable of what can be chosen (softmax). */
function fitChoices(choices: readonly Choice[]): Record<string, number> {
  const usable = choices.filter((choice) => choice.some(({ isRight }) => isRight))
  const names = Object.keys(usable[0]![0]!.measured)
  return descend(names, RIDGE, (weights) => {
    const slope = Object.fromEntries(names.map((name) => [name, 0]))
    for (const choice of usable) {
      const scores = choice.map(({ measured }) => dot(weights, measured))
      const most = Math.max(...scores)
      const powers = scores.map((score) => Math.exp(score - most))
      const all = powers.reduce((sum, power) => sum + power, 0)
      const right = powers.reduce((sum, power, i) => sum + (choice[i]!.isRight ? power : 0), 0)
      for (const [i, { measured, isRight }] of choice.entries()) {
        const pull = powers[i]! / all - (isRight ? powers[i]! / right : 0)
        for (const name of names) slope[name]! += (pull * measured[name]!) / usable.length
      }
    }
    return slope
  })
}

/** Weights of a logistic function for yes and no, both of which count the same. */
function fitAnswers(
  cases: readonly { measured: Measured; isRight: boolean }[],
): Record<string, number> {
  const names = Object.keys(cases[0]!.measured)
  const right = cases.filter(({ isRight }) => isRight).length
  return descend(names, RIDGE / 5, (weights) => {
    const slope = Object.fromEntries(names.map((name) => [name, 0]))
    for (const { measured, isRight } of cases) {
      const share = 0.5 / (isRight ? right : cases.length - right)
      const pull = 1 / (1 + Math.exp(-dot(weights, measured))) - Number(isRight)
      for (const name of names) slope[name]! += share * pull * measured[name]!
    }
    return slope
  })
}

const tuning = (corpus: Corpus): readonly Question[] => {
  const { tuned, practice } = halves(corpus)
  return [...tuned, ...practice]
}

/**
 * Fits the weights to the half that tunes, of both corpora, and writes them.
 *
 * The passages: the one that holds the right sentence shall be the most probable. The sentences of the best six: the
 * right one. Whether it is an answer at all: yes for each question that the corpus answers; no for what is off topic.
 */
export async function fit(root: string): Promise<void> {
  const corpora = [await openCorpus(root), await openCorpus(root, 'docs')]
  const asked = corpora.flatMap((corpus) =>
    tuning(corpus).map((question) => {
      const own = corpus.index.understand(question.ask)
      return { question, corpus, own, hits: corpus.index.search(own, 100) }
    }),
  )
  const answered = asked.filter(({ question }) => question.source)

  const passage = fitChoices(
    answered.map(({ question, corpus, hits }) =>
      hits.map((hit) => ({
        measured: hit.measured,
        isRight: isSource(question, corpus, hit.passage) && says(question, hit.passage.text),
      })),
    ),
  )
  const ranked = (hits: readonly Hit[]): Hit[] =>
    hits
      .map((hit) => ({ ...hit, score: dot(passage, hit.measured) }))
      .toSorted((a, b) => b.score - a.score)
      .slice(0, 6)
  const sentence = fitChoices(
    answered.map(({ question, corpus, own, hits }) =>
      ranked(hits).flatMap((hit, _, [best]) =>
        sentencesOf(own, hit.passage).map((text) => ({
          measured: measureSentence(text, hit.score - best!.score, hit.measured.purpose > 0, own),
          isRight: isSource(question, corpus, hit.passage) && says(question, text.text),
        })),
      ),
    ),
  )
  const cases = asked
    // A slip of the fingers can be answered or offered: both are right.
    .filter(({ question }) => question.source || !question.near)
    .map(({ question, own, hits }) => ({
      measured: measureAnswer(own, ranked(hits)),
      isRight: question.source !== undefined,
      ask: question.ask,
    }))
  const answer = fitAnswers(cases)
  for (const { ask, measured, isRight } of cases) {
    const p = 1 / (1 + Math.exp(-dot(answer, measured)))
    if (p >= 0.5 !== isRight)
      process.stdout.write(
        `${isRight ? 'should answer' : 'should refuse'} ${p.toFixed(2)} ${ask}\n`,
      )
  }
  const round = (weights: Record<string, number>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => [name, Math.round(weight * 100) / 100]),
    )
  const weights: Record<keyof typeof WEIGHTS, Record<string, number>> = {
    passage: round(passage),
    sentence: round(sentence),
    answer: round(answer),
  }
  writeFileSync(
    new URL('../../examples/ask/weights.ts', import.meta.url),
    `/**
 * How much each measured thing counts (see \`ranking.ts\`).
 *
 * Made by \`npm run bench -- demo --fit\` from bench/demo/practice.json and every second question of questions.json: do not edit.
 */
export const WEIGHTS = ${JSON.stringify(weights, undefined, 2).replaceAll('"', '')}
`,
  )
}
