import { createRuns } from 'swapstream'
import { serve } from 'swapstream/node'
import { createApp } from './app.ts'
import { createConversations } from './conversations.ts'
import { chooseModel } from './model.ts'

const runs = createRuns()
const model = await chooseModel(process.env).catch(({ message }: Error) => {
  console.error(message)
  process.exit(1)
})
serve(createApp(runs, model, createConversations()), { onClose: () => runs.close() })
