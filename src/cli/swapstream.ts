#!/usr/bin/env node
import { runCommand } from './command.ts'

process.exitCode = await runCommand(process.argv.slice(2))
// An app that was looked at may hold timers and connections; what was written is written first.
process.stdout.write('', () => process.exit())
