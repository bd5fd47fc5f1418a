import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

interface Call {
  readonly toolCallId: string
  readonly toolName: string
  readonly input: { readonly name: string }
}

/** Parts as in the `fullStream` of the AI SDK's `streamText({ model, tools })`. */
export type AgentPart =
  | ({ readonly type: 'tool-call' } & Call)
  | ({ readonly type: 'tool-result'; readonly output: string } & Call)
  | { readonly type: 'text-delta'; readonly text: string }

const PACKAGE = /^(?:@[a-z0-9-]+\/)?[a-z0-9][\w.-]*$/

/** A stand-in for a model with a tool. The tool is real: it looks into `node_modules`. */
export async function* agent(names: string, signal: AbortSignal): AsyncGenerator<AgentPart> {
  const found: string[] = []
  for (const name of names
    .split(/[\s,]+/)
    .filter(Boolean)
    .slice(0, 5)) {
    const call = { toolCallId: `${found.length}`, toolName: 'installedVersion', input: { name } }
    yield { type: 'tool-call', ...call }
    await sleep(150, undefined, { signal })
    const output = await installedVersion(name)
    yield { type: 'tool-result', ...call, output }
    found.push(`${name} ${output}`)
  }
  const answer = found.length > 0 ? `I looked it up: ${found.join(', ')}.` : 'You named no package.'
  for (const text of answer.split(/(?<= )/)) {
    await sleep(40, undefined, { signal })
    yield { type: 'text-delta', text }
  }
}

async function installedVersion(name: string): Promise<string> {
  // The input of a tool is as untrusted as the input of a user.
  if (!PACKAGE.test(name)) return 'is no name of a package'
  try {
    const manifest = await readFile(`node_modules/${name}/package.json`, 'utf8')
    return String((JSON.parse(manifest) as { version?: unknown }).version)
  } catch {
    return 'is not installed'
  }
}
