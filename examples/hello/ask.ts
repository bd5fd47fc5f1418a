import { setTimeout as sleep } from 'node:timers/promises'

/** A scripted model: it repeats the prompt word by word, until `signal` aborts. */
export async function* ask(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
  const answer = `You asked: “${prompt}”. I am a script, not a model, so this is all I know. Put your model where I stand.`
  for (const word of answer.split(/(?<= )/)) {
    await sleep(60, undefined, { signal })
    yield word
  }
}
