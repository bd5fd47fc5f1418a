import {
  Fragment,
  produce,
  streamToFragments,
  tokens,
  type NonTextPart,
  type Source,
} from 'swapstream'
import { agent, type AgentPart } from './agent.ts'

export interface Step {
  readonly id: string
  readonly name: string
  readonly input: string
  readonly output?: string
}

/** The answer of the agent, and its steps above it: two blocks of one page, from one stream of parts. */
export function answer(names: string): Source<Fragment> {
  return produce<Fragment>(async (writer) => {
    let steps: readonly Step[] = []
    const onPart = (part: NonTextPart): void => {
      if (part.type !== 'tool') return
      steps = withStep(steps, part.raw as AgentPart)
      void writer.write(new Fragment('tools.html', 'steps', { steps }, { target: '#steps' }))
    }
    const text = tokens(agent(names, writer.signal), { onPart })
    for await (const fragment of streamToFragments(text, 'tools.html', 'answer'))
      await writer.write(fragment)
  })
}

/** Adds a call as a step, and completes it with its result. Other parts are ignored. */
function withStep(steps: readonly Step[], part: AgentPart): readonly Step[] {
  if (part.type === 'tool-call')
    return [...steps, { id: part.toolCallId, name: part.toolName, input: part.input.name }]
  if (part.type !== 'tool-result') return steps
  return steps.map((step) =>
    step.id === part.toolCallId ? { ...step, output: part.output } : step,
  )
}
