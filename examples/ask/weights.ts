/**
 * How much each measured thing counts (see `ranking.ts`).
 *
 * Made by `npm run bench -- demo --fit` from the half of bench/demo/questions.json that tunes: do not edit.
 */
export const WEIGHTS = {
  passage: {
    score: 2.86,
    cover: 3.03,
    heading: 0.24,
    title: 0.5,
    sentence: 2.63,
    phrase: 0.71,
    named: 0.74,
    mentioned: 1.38,
    guide: 0.99,
    lead: 0.64,
    purpose: 0.87,
    project: 0.98,
    dependency: -0.01,
    depth: -0.78,
  },
  sentence: {
    passage: 1.05,
    direct: 2.2,
    cover: 2.4,
    first: 0.47,
    early: 0.86,
    example: -1.57,
    announces: -0.5,
    tag: -0.43,
    short: 0.13,
    purpose: 1.17,
  },
  answer: {
    bias: -2.88,
    cover: 1.13,
    most: 1.05,
    sentence: 1.68,
    heading: 0.75,
    phrase: 3.01,
    named: 1.3,
    mentioned: 1.65,
    unknown: -1.75,
    few: -2.29,
  },
}
