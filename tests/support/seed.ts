import fc from 'fast-check'

/**
 * One seed for every property, so that a commit gets the same verdict each time it is asked. To look for trouble:
 * `SEED=$RANDOM RUNS=50000 npx vitest run tests/templates`.
 */
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 20_261_121) })
