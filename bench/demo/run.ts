/** Asks the demo 80 questions and prints how many it answers: `npm run bench -- demo`. */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fit } from './fit.ts'
import { report } from './score.ts'

const { values } = parseArgs({
  options: { fit: { type: 'boolean', default: false }, all: { type: 'boolean', default: false } },
})
const root = fileURLToPath(new URL('../..', import.meta.url))
if (values.fit) await fit(root)
else for (const docs of [undefined, 'docs']) await report(root, docs, values.all)
