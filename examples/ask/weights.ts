/**
 * How much each measured thing counts (see `ranking.ts`).
 *
 * Made by `npm run bench -- demo --fit` from bench/demo/practice.json and every second question of questions.json: do not edit.
 */
export const WEIGHTS = {
  passage: {
    score: 1.86,
    cover: 2.49,
    heading: 0.46,
    title: 0.73,
    sentence: 2.9,
    prose: 0.44,
    phrase: 1.73,
    named: 0.84,
    mentioned: 0.95,
    guide: 0.86,
    lead: 1.09,
    purpose: 0.62,
    project: 1.05,
    dependency: -0.21,
    depth: -1.02,
  },
  sentence: {
    passage: 1.15,
    direct: 1.74,
    cover: 2.43,
    first: 0.48,
    early: 1.14,
    example: -0.43,
    announces: -0.48,
    tag: -0.42,
    short: 0.41,
    long: -0.09,
    purpose: 0.8,
  },
  answer: {
    bias: -2.65,
    cover: 1.88,
    most: 1.97,
    sentence: 1.59,
    heading: 0.86,
    phrase: 1.34,
    named: 0.77,
    mentioned: 1.23,
    unknown: -2.42,
    few: -1.97,
  },
}
