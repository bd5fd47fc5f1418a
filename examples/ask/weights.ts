/**
 * How much each measured thing counts (see `ranking.ts`).
 *
 * Made by `npm run bench -- demo --fit` from bench/demo/practice.json and every second question of questions.json: do not edit.
 */
export const WEIGHTS = {
  passage: {
    score: 1.8,
    cover: 2.48,
    heading: 0.67,
    title: 0.79,
    sentence: 2.6,
    prose: 0.25,
    phrase: 1.68,
    named: 0.77,
    mentioned: 0.97,
    guide: 1.39,
    lead: 0.91,
    purpose: 0.58,
    project: 0.52,
    dependency: -0.18,
    depth: 0.18,
  },
  sentence: {
    passage: 1.07,
    direct: 1.51,
    cover: 1.96,
    first: 0.3,
    early: 1.18,
    example: -0.96,
    announces: -0.08,
    tag: -0.33,
    short: 0.56,
    long: 0,
    purpose: 0.69,
    figure: 1.16,
    default: 0.83,
    instructs: 0.22,
  },
  answer: {
    bias: -2.63,
    cover: 1.72,
    most: 1.8,
    sentence: 1.56,
    heading: 0.73,
    phrase: 1.6,
    named: 0.94,
    mentioned: 1.51,
    unknown: -2.02,
    few: -2.27,
  },
}
