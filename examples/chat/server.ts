import { parseArgs } from 'node:util'
import { createRuns } from 'swapstream'
import { serve } from 'swapstream/node'
import { createApp, LANGUAGES } from './app.ts'
import { createConversations } from './conversations.ts'
import { chooseModel } from './model.ts'

const { lang } = parseArgs({ options: { lang: { type: 'string' } } }).values
if (lang !== undefined && !(lang in LANGUAGES)) {
  console.error(`--lang ${lang}: the languages are ${Object.keys(LANGUAGES).join(', ')}.`)
  process.exit(1)
}
const runs = createRuns()
const model = await chooseModel(process.env).catch(({ message }: Error) => {
  console.error(message)
  process.exit(1)
})
serve(createApp(runs, model, createConversations(), lang), { onClose: () => runs.close() })
