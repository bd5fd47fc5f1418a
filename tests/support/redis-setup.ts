import { findRedis } from './redis.ts'

/** Before all tests, once, so that no two of them install one. The tests that need it fail without. */
export default function setup(): void {
  try {
    findRedis()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
  }
}
