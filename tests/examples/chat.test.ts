import { expect, test } from 'vitest'
import { readEvents } from 'swapstream/client'
import { Conversation, createConversations } from '../../examples/chat/conversations.ts'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms()

test('examples/chat hands its model the turns before, and shows them to no other browser', async () => {
  const url = await run('examples/chat/server.ts', [], { PORT: '0' }).url
  const first = await fetch(url)
  const cookie = first.headers.get('set-cookie')!.split(';')[0]!
  const mine = { cookie, 'sec-fetch-site': 'same-origin' }
  const say = async (prompt: string): Promise<string> => {
    const answer = await fetch(`${url}/chat`, {
      method: 'POST',
      body: new URLSearchParams({ prompt }),
      headers: { ...mine, accept: 'text/html, text/event-stream', 'hx-request': 'true' },
    })
    let text = ''
    for await (const { data } of readEvents(answer)) text += data
    return text
  }
  expect(await say('My name is <Ada>')).toContain('I am <strong>a script</strong>, not a model')
  expect(await say('What is my name?')).toContain(
    'asked one thing, first: “My name is &lt;Ada&gt;”',
  )

  const page = async (headers: Record<string, string>): Promise<string> =>
    (await fetch(url, { headers })).text()
  expect(await page(mine)).toMatch(/id="turn-1"[^]*&lt;Ada&gt;[^]*id="turn-2"[^]*What is my name\?/)
  expect(await page({})).not.toContain('Ada')
  const anew = await fetch(`${url}/new`, { method: 'POST', headers: mine, redirect: 'manual' })
  expect(anew.status).toBe(303)
  expect(await page(mine)).not.toContain('Ada')
})

test('examples/chat says with one line what is wrong with MODEL', async () => {
  const { code, stderr } = await run('examples/chat/server.ts', [], { PORT: '0', MODEL: 'gpt' })
    .ended
  expect([code, stderr.trim().split('\n').length]).toEqual([1, 1])
  expect(stderr).toContain('MODEL=provider:model')
})

test('a conversation keeps its last turns, tells a model those that are whole, and asks again what was cut last', () => {
  const conversation = new Conversation(3)
  const say = (prompt: string, state: 'whole' | 'cut'): void => {
    Object.assign(conversation.ask({ prompt }), { text: `${prompt}!`, state })
  }
  for (const prompt of ['one', 'two', 'three', 'four'])
    say(prompt, prompt === 'three' ? 'cut' : 'whole')
  const kept = (): unknown => conversation.turns.map(({ id, prompt }) => [id, prompt])
  expect(kept()).toEqual([
    [2, 'two'],
    [3, 'three'],
    [4, 'four'],
  ])
  expect(conversation.question({ retry: '3' })).toBe(undefined)
  expect(conversation.question({ prompt: ' ' })).toBe(undefined)
  expect(conversation.question({ prompt: '', suggested: 'this' })).toEqual({ prompt: 'this' })
  say('five', 'cut')
  const again = conversation.question({ prompt: 'a draft', retry: '5' })!
  expect(again).toEqual({ prompt: 'five', insteadOf: 5 })
  conversation.ask(again)
  expect(kept()).toEqual([
    [3, 'three'],
    [4, 'four'],
    [6, 'five'],
  ])
  expect(conversation.running).toBe(true)
  expect(conversation.messages).toEqual([
    { role: 'user', content: 'four' },
    { role: 'assistant', content: 'four!' },
    { role: 'user', content: 'five' },
  ])
})

test('whose conversation was left alone longest is forgotten first', () => {
  const conversations = createConversations(2)
  const ada = conversations.of('ada')
  const ben = conversations.of('ben')
  expect(conversations.of('ada')).toBe(ada)
  conversations.of('cleo')
  expect(conversations.of('ada')).toBe(ada)
  expect(conversations.of('ben')).not.toBe(ben)
})

test.each([
  ['--lang de', ['--lang', 'de'], '', /<html lang="de" dir="ltr">[^]*Neu beginnen/],
  ['the browser', [], 'ar-EG,en;q=0.5', /<html lang="ar" dir="rtl">[^]*محادثة جديدة/],
  ['--lang de, whatever the browser asks for', ['--lang', 'de'], 'ar', /<html lang="de"/],
])('examples/chat speaks the language of %s', async (_, args, asked, page) => {
  const url = await run('examples/chat/server.ts', args, { PORT: '0' }).url
  const response = await fetch(url, { headers: { 'accept-language': asked } })
  expect(await response.text()).toMatch(page)
})

test('examples/chat names its languages when it does not speak one', async () => {
  const { code, stderr } = await run('examples/chat/server.ts', ['--lang', 'fr'], { PORT: '0' })
    .ended
  expect([code, stderr.trim()]).toEqual([1, '--lang fr: the languages are en, de, ar.'])
})
