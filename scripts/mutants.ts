/** A change of a source that breaks a promise, and the tests that have to notice. */
export interface Mutant {
  /** The promise that it breaks. */
  readonly what: string
  readonly file: string
  /** A text that is in the file once; short, so that other changes leave it alone. */
  readonly from: string
  readonly to: string
  readonly tests: readonly string[]
}

const seed = (name: string): string[] => [`tests/seeds/${name}.test.ts`]
const SOURCES = 'src/fragments/stream-with-sources.ts'
const FRAGMENTS = 'src/fragments/stream-to-fragments.ts'
const ENCODER = 'src/streams/encoder.ts'
const DECLARED = 'src/web/declared/answer.ts'
const TEXTS = ['tests/web/texts.test.ts']

/** Mutants of what the tests of the seeds promise, and of how a model's answer is read. */
export const MUTANTS: readonly Mutant[] = [
  {
    what: 'the growing text has the name that is asked for',
    file: FRAGMENTS,
    from: 'const state = { ...context, streaming: !final, [contextKey]: text }',
    to: 'const state = { ...context, streaming: !final, text }',
    tests: seed('chirp-defaults'),
  },
  {
    what: 'extraContext reaches the block',
    file: FRAGMENTS,
    from: 'const context = { ...extraContext, streaming: true',
    to: 'const context = { streaming: true',
    tests: seed('chirp-defaults'),
  },
  {
    what: 'responseBlock is rendered',
    file: SOURCES,
    from: 'yield* fragmentsOf(parts, template, responseBlock,',
    to: "yield* fragmentsOf(parts, template, 'response',",
    tests: seed('chirp-defaults'),
  },
  {
    what: 'sourcesBlock is rendered',
    file: SOURCES,
    from: 'yield new Fragment(template, sourcesBlock, extraContext',
    to: "yield new Fragment(template, 'sources', extraContext",
    tests: seed('chirp-defaults'),
  },
  {
    what: 'extraContext reaches both blocks of an answer with sources',
    file: SOURCES,
    from: 'return { ...options.extraContext, ...(sources && { sources }) }',
    to: 'return { ...(sources && { sources }) }',
    tests: seed('chirp-defaults'),
  },
  {
    what: 'no sources block is drawn where there is none',
    file: SOURCES,
    from: 'optional: options.sourcesBlock === undefined',
    to: 'optional: false',
    tests: seed('chirp-defaults'),
  },
  {
    what: 'a heartbeat is sent in silence only',
    file: 'src/streams/stream.ts',
    from: 'this.#handedAt = this.#lastSentAt = now()',
    to: 'this.#handedAt = now()\n      if (this.#counts.frames === 1) this.#lastSentAt = now()',
    tests: seed('ajolopy-defaults'),
  },
  {
    what: 'heartbeatMs: null is none',
    file: 'src/streams/stream.ts',
    from: 'options.heartbeatMs || Infinity',
    to: 'options.heartbeatMs === false ? Infinity : (options.heartbeatMs ?? 15_000)',
    tests: seed('jero-defaults'),
  },
  {
    what: 'a model gets the prompt',
    file: 'src/node/llm.ts',
    from: "...(typeof prompt === 'string' ? { prompt } : { messages: prompt }),",
    to: "...(typeof prompt === 'string' ? { prompt: 'x' } : { messages: prompt }),",
    tests: seed('chirp'),
  },
  {
    what: 'a model gets its system text',
    file: 'src/node/llm.ts',
    from: '...(system !== undefined && { system }),',
    to: '',
    tests: seed('chirp'),
  },
  {
    what: 'a model gets the signal',
    file: 'src/node/llm.ts',
    from: '          abortSignal,\n',
    to: '',
    tests: seed('chirp'),
  },
  {
    what: 'a fragment is never in its page',
    file: 'src/templates/nunjucks/fragment-tag.ts',
    from: "node('Literal', false)",
    to: "node('Literal', true)",
    tests: seed('chirp'),
  },
  {
    what: 'an unknown block is answered with the one that was meant',
    file: 'src/shared/errors.ts',
    from: '`; did you mean "${meant}"?`',
    to: "''",
    tests: seed('chirp'),
  },
  {
    what: 'an unknown block is answered with those that exist',
    file: 'src/shared/errors.ts',
    from: "`(has: ${names.slice(0, 20).join(', ')}${rest}${question})`",
    to: '`(${rest}${question})`',
    tests: seed('chirp'),
  },
  {
    what: 'all slow blocks come',
    file: 'src/fragments/stream-blocks.ts',
    from: 'while (pending.size > 0) {',
    to: 'while (pending.size > 1) {',
    tests: seed('chirp'),
  },
  {
    what: 'a plain route keeps its status',
    file: 'src/streams/stream-body.ts',
    from: 'super(options.status ?? 200,',
    to: 'super(200,',
    tests: seed('ajolopy-defaults'),
  },
  {
    what: 'a plain route keeps its headers',
    file: 'src/streams/stream-body.ts',
    from: 'streamHeaders(options.headers, options.rawHeaders))',
    to: 'new Headers())',
    tests: seed('ajolopy-defaults'),
  },
  {
    what: 'onEnd of lines and of a document has the final value',
    file: 'src/streams/stream.ts',
    from: 'omitUndefined({ error, final, text: this.#text })',
    to: 'omitUndefined({ error, text: this.#text })',
    tests: seed('purista-defaults'),
  },
  {
    what: 'of a tie the format that needs no waiting is sent',
    file: DECLARED,
    from: "best.includes('events') ? 'events' : ",
    to: '',
    tests: seed('purista-defaults'),
  },
  {
    what: 'the weight of a media type counts',
    file: DECLARED,
    from: 'known.filter(({ q }) => q === known[0]?.q)',
    to: 'known',
    tests: seed('purista-defaults'),
  },
  {
    what: 'no hook runs for HEAD',
    file: DECLARED,
    from: "c.req.method === 'HEAD' ? {} : before",
    to: 'before',
    tests: ['tests/declared/answers.test.ts'],
  },
  {
    what: 'the numbers of a run go on',
    file: ENCODER,
    from: 'lastEventId === undefined ? 0 : parseCursor(lastEventId) + 1',
    to: '0',
    tests: ['tests/streams/encodings.test.ts'],
  },
  {
    what: 'the numbers of a run are those of its values',
    file: ENCODER,
    from: 'if (id !== undefined) seq = parseCursor(id)',
    to: '',
    tests: ['tests/streams/encodings.test.ts'],
  },
  {
    what: 'no end is taken for a value',
    file: ENCODER,
    from: "if (name !== 'message') return",
    to: 'return',
    tests: ['tests/streams/encodings.test.ts'],
  },
  {
    what: 'events named "message" have no name',
    file: 'src/sse/sse.ts',
    from: " && fields.event !== 'message'",
    to: '',
    tests: seed('llamabot-defaults'),
  },
  {
    what: 'an event takes an object',
    file: 'src/sse/sse.ts',
    from: "typeof data === 'string' ? data : toJsonText(data)",
    to: 'String(data)',
    tests: seed('jero-defaults'),
  },
  {
    what: 'a parameter in braces is refused',
    file: 'src/web/declared/check.ts',
    from: 'if (ours !== path)',
    to: 'if (false)',
    tests: ['tests/declared/declare.test.ts'],
  },
  {
    what: 'an answer without its end was cut',
    file: 'src/models/pieces.ts',
    from: 'if (this.hasEndSign && !this.#isWhole) throw cutAnswer()',
    to: '',
    tests: ['tests/models/answers.test.ts'],
  },
  {
    what: 'an answer behind an end needs an end of its own',
    file: 'src/models/pieces.ts',
    from: '    this.#isWhole = false\n',
    to: '',
    tests: ['tests/models/answers.test.ts'],
  },
  {
    what: 'two texts with something between them stand apart',
    file: 'src/models/pieces.ts',
    from: 'this.#isApart ||= DIVIDES.has(piece.type)',
    to: '',
    tests: ['tests/models/answers.test.ts'],
  },
  {
    what: 'a text that goes on is not divided',
    file: 'src/models/pieces.ts',
    from: 'this.#isApart && !this.#isOpen &&',
    to: 'this.#isApart &&',
    tests: ['tests/models/answers.test.ts'],
  },
  {
    what: 'the AI SDK cannot hide that its provider was cut',
    file: 'src/models/pieces.ts',
    from: 'if (CUT.test(String(reason)))',
    to: 'if (false)',
    tests: ['tests/models/answers.test.ts'],
  },
  {
    what: 'a body cut inside an event of text fails',
    file: 'src/models/response.ts',
    from: 'else if (!isJson) throw cutAnswer()',
    to: '',
    tests: ['tests/models/answers.test.ts'],
  },
  {
    what: 'onEnd of a document has the final value',
    file: 'src/streams/stream.ts',
    from: 'if (step.done) this.#finishWith(step.value)',
    to: 'if (step.done) this.#finishWith(undefined)',
    tests: seed('purista-defaults'),
  },
  {
    what: 'an added stream runs with the packages that come with swapstream',
    file: 'package.json',
    from: '    "remend": "^1.4.0"\n',
    to: '    "hono": "^4.13.19"\n',
    tests: seed('purista'),
  },
  {
    what: 'an address that the proxies do not give is not theirs',
    file: 'src/node/node-connection.ts',
    from: 'isIP(address) ? address : UNKNOWN_ADDRESS',
    to: 'isIP(address) ? address : undefined',
    tests: ['tests/node/client-address.test.ts'],
  },
  {
    what: 'a part of a run that fails has its notice in a later page, too',
    file: 'src/runs/log.ts',
    from: '...(error && { error }),',
    to: '',
    tests: ['tests/web/failed-parts.test.ts'],
  },
  {
    what: 'a client of a run has its own language',
    file: 'src/web/settings.ts',
    from: 'base.withTexts?.(settings.textsOf(c))',
    to: 'base.withTexts?.(english)',
    tests: TEXTS,
  },
  {
    what: 'an import has the texts of the request',
    file: 'src/templates/nunjucks/loader.ts',
    from: '?.in(this.env)',
    to: '',
    tests: TEXTS,
  },
  {
    what: 'a feed that is cut is not called an answer',
    file: 'src/web/fragment-buffer.ts',
    from: 'const isFeed = returns === true && !this.#isAnswer',
    to: 'const isFeed = false',
    tests: TEXTS,
  },
  {
    what: 'a stored failure has the language of the client',
    file: 'src/web/fragment-buffer.ts',
    from: 'exposed ? message : failed',
    to: 'message',
    tests: TEXTS,
  },
  {
    what: 'all clients with one language share what is rendered',
    file: 'src/templates/nunjucks/engine.ts',
    from: 'derived.set(key, known)',
    to: '',
    tests: TEXTS,
  },
]
