import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { installAiSdk, projectOf } from '../support/ai-sdk.ts'

/** Types need no Node of their own, so here all three are looked at everywhere. */
const VERSIONS = [5, 6, 7]

const uses = `
import { generateText, streamText } from 'ai'
import { tokens } from '${resolve('src/core.ts')}'

declare const model: Parameters<typeof streamText>[0]['model']
const asked = { model, prompt: 'Hi' }
tokens(streamText(asked))
tokens(streamText(asked).fullStream)
tokens(streamText(asked).textStream)
tokens(streamText(asked).toTextStreamResponse())
tokens((abortSignal) => streamText({ ...asked, abortSignal }))
tokens(async (abortSignal) => streamText({ ...asked, abortSignal }))
tokens(generateText(asked).then(({ text }) => text))
// @ts-expect-error the finished answer, not its text
tokens(generateText(asked))
// @ts-expect-error the same, awaited
tokens(await generateText(asked))
// @ts-expect-error what comes with the answer
tokens(streamText(asked).usage)
`

test('what the AI SDK 5, 6 and 7 give fits into tokens() under strict rules, and what is no stream does not', async () => {
  await Promise.all(VERSIONS.map((version) => installAiSdk(version)))
  const folder = await mkdtemp(join(tmpdir(), 'swapstream-types-'))
  const files = VERSIONS.map((version) =>
    join(dirname(projectOf(version)), `${basename(folder)}.ts`),
  )
  try {
    for (const file of files) await writeFile(file, uses)
    const project = join(folder, 'tsconfig.json')
    const compilerOptions = { typeRoots: [resolve('node_modules/@types')] }
    const config = { extends: resolve('tsconfig.json'), compilerOptions, include: [], files }
    await writeFile(project, JSON.stringify(config))
    const tsc = promisify(execFile)(resolve('node_modules/.bin/tsc'), ['--noEmit', '-p', project])
    const { stdout } = await tsc.catch((failed: { stdout: string }) => failed)
    expect(stdout).toBe('')
  } finally {
    for (const file of files) await rm(file, { force: true })
    await rm(folder, { recursive: true })
  }
}, 240_000)
