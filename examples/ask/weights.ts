/**
 * How much each measured thing counts (see `ranking.ts`).
 *
 * Made by `npm run bench -- demo --fit` from bench/demo/practice.json and every second question of questions.json: do not edit.
 */
export const WEIGHTS = {
  passage: {
    score: 1.83,
    cover: 2.47,
    heading: 0.65,
    title: 0.79,
    sentence: 2.56,
    prose: 0.31,
    phrase: 1.69,
    named: 0.77,
    mentioned: 0.97,
    guide: 1.4,
    lead: 0.9,
    purpose: 0.59,
    project: 0.52,
    dependency: -0.17,
    depth: 0.14,
  },
  sentence: {
    passage: 1.1,
    direct: 1.55,
    cover: 2,
    first: 0.3,
    early: 1.17,
    example: -1.1,
    announces: -0.07,
    tag: -0.31,
    short: 0.57,
    long: -0.18,
    purpose: 0.7,
    figure: 1.18,
    default: 0.83,
    instructs: 0.22,
  },
  answer: {
    bias: -2.64,
    cover: 1.72,
    most: 1.81,
    sentence: 1.55,
    heading: 0.72,
    phrase: 1.61,
    named: 0.95,
    mentioned: 1.51,
    unknown: -2.02,
    few: -2.28,
  },
}
