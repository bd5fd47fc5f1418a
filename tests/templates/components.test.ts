import { expect, test } from 'vitest'
import { fromComponents } from '../../src/templates/components.ts'

const engine = fromComponents({
  chat: {
    page: ({ title }) => `<html>${String(title)}</html>`,
    response: ({ text, who = 'Bot' }) => `<p>${String(who)}: ${String(text)}</p>`,
    later: async ({ text }) => `<i>${String(text)}</i>`,
    element: () => ({ toString: () => '<b></b>' }),
  },
})

test('components draw pages and blocks like templates do', async () => {
  expect(await engine.render('chat', { title: 'T' })).toBe('<html>T</html>')
  const renderer = await engine.open('chat', 'response', { text: 0 })
  expect([renderer.render({ text: 1 }), renderer.render({ who: 'Me' })]).toEqual([
    '<p>Bot: 1</p>',
    '<p>Me: 0</p>',
  ])
  expect(await (await engine.open('chat', 'later')).render({ text: 1 })).toBe('<i>1</i>')
  expect((await engine.open('chat', 'element')).render()).toBe('<b></b>')
  expect(await engine.blocks('chat')).toEqual(['page', 'response', 'later', 'element'])
})

test.each([
  ['chta', 'response', 'template/missing', 'did you mean "chat"?'],
  ['constructor', 'response', 'template/missing', 'has: chat'],
  ['chat', 'respones', 'block/unknown', 'did you mean "response"?'],
  ['chat', 'toString', 'block/unknown', 'has:'],
])('an unknown %s, %s is reported with what there is', async (template, block, code, says) => {
  await expect(engine.open(template, block)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(says),
  })
})
