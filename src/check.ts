/** The command `swapstream check`, for tests and programs. */
export { check } from './cli/check.ts'
export type { CheckOptions, CheckResult } from './cli/check.ts'
export type { Finding } from './cli/findings.ts'
