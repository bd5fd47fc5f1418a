import { describe, expect, test } from 'vitest'
import { Fragment } from '../../src/fragments/fragment.ts'
import { streamToFragments } from '../../src/fragments/stream-to-fragments.ts'
import type { NonTextPart } from '../../src/models/pieces.ts'
import { tokens } from '../../src/models/tokens.ts'
import { streamWithSources } from '../../src/fragments/stream-with-sources.ts'

const all = async (source: AsyncIterable<Fragment>): Promise<Fragment[]> => {
  const values: Fragment[] = []
  for await (const value of source) values.push(value)
  return values
}
const contexts = async (source: AsyncIterable<Fragment>): Promise<unknown[]> =>
  (await all(source)).map(({ context }) => context)

async function* failing(): AsyncGenerator<string> {
  yield 'Hel'
  throw new Error('gone')
}

describe('Fragment', () => {
  test('is frozen', () => {
    expect(Object.isFrozen(new Fragment('t', 'b'))).toBe(true)
  })

  test('refuses a target that is not one element by its id, and a swap without a target', () => {
    expect(() => new Fragment('t', 'b', {}, { target: '.answer' })).toThrow(/such as "#answer"/)
    expect(() => new Fragment('t', 'b', {}, { target: '#a b' })).toThrow(TypeError)
    expect(() => new Fragment('t', 'b', {}, { swap: 'beforeend' })).toThrow(/needs a target/)
  })
})

describe('streamToFragments', () => {
  test('gives the growing text, then a last frame that is no longer streaming', async () => {
    expect(await contexts(streamToFragments(['Hel', 'lo'], 'chat.html', 'response'))).toEqual([
      { text: 'Hel', streaming: true, failed: false },
      { text: 'Hello', streaming: true, failed: false },
      { text: 'Hello', streaming: false, failed: false },
    ])
  })

  test('gives the last frame also when nothing was written', async () => {
    const fragments = await all(streamToFragments([], 'chat.html', 'response'))
    expect(fragments).toMatchObject([{ context: { text: '', streaming: false }, final: true }])
  })

  test('draws the block before the first token where that is asked for, and says when an answer begins and ends', async () => {
    const early = streamToFragments(['x'], 't', 'b', { renderInitial: true })
    expect((await all(early)).map(({ context, final }) => [context['text'], final])).toEqual([
      ['', false],
      ['x', false],
      ['x', true],
    ])
    const options = { statusBlock: 'status', extraContext: { user: 'Ada' }, onDone: () => [last] }
    const last = new Fragment('t', 'link')
    const fragments = await all(streamToFragments(['x'], 't', 'b', options))
    expect(fragments.map(({ block, final }) => [block, final])).toEqual([
      ['b', false],
      ['status', false],
      ['b', false],
      ['b', true],
      ['link', false],
      ['status', true],
    ])
    expect(fragments[1]).toMatchObject({
      target: '#status',
      context: { user: 'Ada', streaming: true, failed: false },
      cut: { streaming: false, failed: true },
    })
    expect(fragments[5]!.context).toEqual({ user: 'Ada', streaming: false, failed: false })
  })

  test('draws what a model says beside its text, where onPart gives it back', async () => {
    async function* model(): AsyncGenerator<object> {
      yield { type: 'reasoning-delta', text: 'Hm. ' }
      yield { type: 'tool-call', toolName: 'look', toolCallId: '1', input: {} }
      yield { type: 'text-delta', text: 'So.' }
      yield { type: 'reasoning-delta', text: 'Yes.' }
    }
    let reasoning = ''
    const options = {
      extraContext: { reasoning },
      onPart: (part: NonTextPart) =>
        part.type === 'reasoning' && { reasoning: (reasoning += part.text) },
    }
    const seen = await contexts(streamToFragments(model() as never, 't', 'b', options))
    const state = (thought: string, text: string, streaming = true): object => ({
      reasoning: thought,
      text,
      streaming,
      failed: false,
    })
    expect(seen).toEqual([
      state('Hm. ', ''),
      state('Hm. ', 'So.'),
      state('Hm. Yes.', 'So.'),
      state('Hm. Yes.', 'So.', false),
    ])
  })

  test('adds the extra context, and the text wins over an equal name', async () => {
    const options = {
      contextKey: 'answer',
      extraContext: { user: 'Ada', answer: 'no', streaming: 'no' },
    }
    expect((await contexts(streamToFragments(['x'], 't', 'b', options)))[0]).toEqual({
      user: 'Ada',
      answer: 'x',
      streaming: true,
      failed: false,
    })
  })

  test('says with each frame how it looks when the stream is cut after it', async () => {
    const seen: unknown[] = []
    const drain = async (): Promise<void> => {
      for await (const { context, final, cut } of streamToFragments(failing(), 't', 'b'))
        seen.push([context['text'], final, cut])
    }
    await expect(drain()).rejects.toThrow('gone')
    expect(seen).toEqual([['Hel', false, { streaming: false, failed: true }]])
  })

  test('gives the fragments of onDone after a whole answer, and none after a cut one', async () => {
    const onDone = (text: string) => [new Fragment('t', 'share', { text }, { target: '#share' })]
    const whole = await all(streamToFragments(['Hi'], 't', 'b', { onDone }))
    expect(whole.map(({ block, context }) => [block, context['text']])).toEqual([
      ['b', 'Hi'],
      ['b', 'Hi'],
      ['share', 'Hi'],
    ])

    const cut = streamToFragments(['Hi', 'there'], 't', 'b', { onDone })
    for await (const _ of cut) break
    expect(await all(cut)).toEqual([])
    await expect(all(streamToFragments(failing(), 't', 'b', { onDone }))).rejects.toThrow('gone')
  })

  test('passes a failure on at once when nothing was written yet', async () => {
    const first = streamToFragments(
      (async function* (): AsyncGenerator<string> {
        throw new Error('no key')
      })(),
      't',
      'b',
    )
    await expect(first.next()).rejects.toThrow('no key')
  })
})

describe('streamWithSources', () => {
  describe('shows at once what does not need the sources', () => {
    const brief = ({ block, context, target }: Fragment): unknown[] => [
      target ?? block,
      context['sources'],
      context['text'] ?? context['streaming'],
    ]
    const never = new Promise<never>(() => {})

    test.each([
      ['renderInitial', { renderInitial: true }, [['response', undefined, '']]],
      [
        'statusBlock',
        { statusBlock: 'status' },
        [
          ['response', undefined, ''],
          ['#status', undefined, true],
        ],
      ],
      [
        'another name of the text',
        { renderInitial: true, contextKey: 'answer', target: '#a' },
        [['#a', undefined, true]],
      ],
    ])('%s', async (_, options, expected) => {
      const values = streamWithSources(['Hi'], 'ask.html', { sources: never, ...options })
      const first = []
      while (first.length < expected.length)
        first.push(brief((await values.next()).value as Fragment))
      expect(first).toEqual(expected)
      await values.return()
    })

    test('then the sources, then the answer that names them', async () => {
      const sources = Promise.resolve(['one'])
      const values = streamWithSources(['Hi'], 'ask.html', { sources, renderInitial: true })
      expect((await all(values)).map(brief)).toEqual([
        ['response', undefined, ''],
        ['#sources', ['one'], undefined],
        ['response', ['one'], ''],
        ['response', ['one'], 'Hi'],
        ['response', ['one'], 'Hi'],
      ])
    })

    test('but known sources come first, and without such a wish nothing comes before', async () => {
      const known = streamWithSources(['Hi'], 'ask.html', { sources: ['a'], renderInitial: true })
      expect((await known.next()).value).toMatchObject({ block: 'sources' })
      const later = Promise.resolve(['a'])
      const plain = streamWithSources(['Hi'], 'ask.html', { sources: later })
      expect((await plain.next()).value).toMatchObject({ block: 'sources' })
    })

    test('and what it looks like when the sources fail', async () => {
      const sources = Promise.reject(new Error('no index'))
      const values = streamWithSources(['Hi'], 'ask.html', { sources, renderInitial: true })
      expect((await values.next()).value).toMatchObject({ cut: { streaming: false, failed: true } })
      await expect(values.next()).rejects.toThrow('no index')
    })
  })

  const sources = [{ title: 'One' }]

  test('shows the sources first and once, then the answer with them', async () => {
    const fragments = await all(
      streamWithSources(['Hi'], 'ask.html', { sources, extraContext: { question: 'q' } }),
    )
    expect(fragments.map(({ block, target, context }) => [block, target, context])).toEqual([
      ['sources', '#sources', { question: 'q', sources }],
      [
        'response',
        undefined,
        { question: 'q', sources, text: 'Hi', streaming: true, failed: false },
      ],
      [
        'response',
        undefined,
        { question: 'q', sources, text: 'Hi', streaming: false, failed: false },
      ],
    ])
  })

  test.each([[null], [undefined]])('shows no sources for %s', async (none) => {
    const fragments = await all(
      streamWithSources(['Hi'], 'ask.html', none === null ? { sources: null } : {}),
    )
    expect(fragments.map(({ block }) => block)).toEqual(['response', 'response'])
  })

  test.each([[null], ['']])('draws no block of sources that is named %j', async (sourcesBlock) => {
    const stream = streamWithSources(['Hi'], 'ask.html', { sources: ['a'], sourcesBlock })
    expect((await all(stream)).map(({ block }) => block)).toEqual(['response', 'response'])
  })

  test.each([[null], [''], [undefined]])('takes an option that is %j as absent', async (empty) => {
    const names = [
      'responseBlock',
      'contextKey',
      'target',
      'statusBlock',
      'sourcesTarget',
      'extraContext',
      'onPart',
      'onDone',
    ]
    const options = Object.fromEntries(names.map((name) => [name, empty]))
    const told = async (more: object) =>
      (await all(streamWithSources(['Hi'], 'ask.html', { sources: ['a'], ...more }))).map(
        ({ block, context, target }) => ({ block, context, target }),
      )
    expect(await told(options)).toEqual(await told({}))
    expect(await contexts(streamToFragments(['Hi'], 'chat.html', 'response', options))).toEqual(
      await contexts(streamToFragments(['Hi'], 'chat.html', 'response')),
    )
  })

  const told = [
    { type: 'reasoning', text: 'hm' },
    { type: 'text-delta', text: 'Hi' },
  ]
  test.each([[undefined], [['a']], [Promise.resolve(['a'])], [Promise.resolve(null)]])(
    'hands what the model says beside its text to onPart, which may take its time (%j)',
    async (given) => {
      const onPart = async (part: NonTextPart) => {
        await Promise.resolve()
        return part.type === 'reasoning' && { thought: part.text }
      }
      const options = given === undefined ? { onPart } : { sources: given, onPart }
      const last = (await all(streamWithSources(told, 'ask.html', options))).at(-1)!
      expect(last.context).toMatchObject({ text: 'Hi', thought: 'hm' })
      const [first] = await all(streamToFragments(told, 'chat.html', 'response', { onPart }))
      expect(first!.context).toMatchObject({ text: '', thought: 'hm' })
    },
  )

  test('fails with what onPart and onDone reject with', async () => {
    const fails = async (): Promise<void> => {
      throw new Error('no disk')
    }
    for (const options of [{ onPart: fails }, { onDone: fails }]) {
      await expect(all(streamWithSources(told, 'ask.html', options))).rejects.toThrow('no disk')
      const fragments = streamToFragments(told, 'chat.html', 'response', options)
      await expect(all(fragments)).rejects.toThrow('no disk')
    }
    const reading = tokens(told, { onPart: fails })
    await expect(reading.next()).rejects.toThrow('no disk')
  })

  test('waits for an onDone that stores the answer, and for its fragments', async () => {
    const stored: string[] = []
    const onDone = async (text: string): Promise<Fragment[] | void> => {
      await Promise.resolve()
      if (stored.push(text) > 1) return [new Fragment('chat.html', 'link')]
    }
    const blocks = async () =>
      (await all(streamToFragments(['Hi'], 'chat.html', 'b', { onDone }))).map(({ block }) => block)
    expect(await blocks()).toEqual(['b', 'b'])
    expect(await blocks()).toEqual(['b', 'b', 'link'])
    expect(stored).toEqual(['Hi', 'Hi'])
  })

  test('waits for sources that are still being searched', async () => {
    const fragments = await all(
      streamWithSources(['Hi'], 'ask.html', { sources: Promise.resolve(sources) }),
    )
    expect(fragments[0]!.context['sources']).toBe(sources)
  })

  test('takes other blocks, another target, and more fragments at the end', async () => {
    const fragments = await all(
      streamWithSources(['Hi', '!'], 'ask.html', {
        sources,
        sourcesBlock: 'refs',
        responseBlock: 'answer',
        sourcesTarget: '#list',
        target: '#out',
        contextKey: 'body',
        onDone: (text) => [new Fragment('ask.html', 'share', { text }, { target: '#share' })],
      }),
    )
    expect(fragments.map(({ block, target }) => `${block} ${target}`)).toEqual([
      'refs #list',
      'answer #out',
      'answer #out',
      'answer #out',
      'share #share',
    ])
    expect(fragments.at(-1)!.context).toEqual({ text: 'Hi!' })
  })
})
