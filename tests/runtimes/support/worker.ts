import { createApp } from './app.ts'
// Written by `swapstream bundle` before the test.
// @ts-expect-error It is not there yet.
import bundle from './bundle.js'

export default createApp({ templates: bundle })
