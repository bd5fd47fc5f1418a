#!/usr/bin/env node
import { withoutDocs } from '../shared/errors.ts'
import { missingPackage } from './findings.ts'

try {
  const { runCommand } = await import('./command.ts')
  process.exitCode = await runCommand(process.argv.slice(2))
} catch (error) {
  // The command imports hono, which some installs leave out.
  const lacking = missingPackage(error)
  process.stderr.write(`${lacking ? withoutDocs(lacking) : (error as Error).stack}\n`)
  process.exitCode = 2
}
// An app that was looked at may hold timers and connections; what was written is written first.
process.stdout.write('', () => process.exit())
