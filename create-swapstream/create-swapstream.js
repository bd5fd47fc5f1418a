#!/usr/bin/env node
// npm create swapstream my-app: the same as npx swapstream new my-app.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const manifest = createRequire(import.meta.url).resolve('swapstream/package.json')
const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
process.argv.splice(2, 0, 'new')
await import(new URL(bin.swapstream, pathToFileURL(manifest)).href)
