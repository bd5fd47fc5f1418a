import { abortable, ignoreErrors, onAbort } from '../shared/abortable.ts'
import { SourceError } from '../shared/errors.ts'
import { readerOf, text } from './chunks.ts'
import { abortedModel, kindOf } from './errors.ts'
import type { Part } from './part.ts'
import { openSource, type OpenSource, type TokenSource } from './source.ts'

/** How many unknown types a message names. */
const MAX_NAMED = 5

/**
 * Reads a source part by part, whatever SDK its chunks are of: text, bytes of UTF-8 cut anywhere, objects.
 *
 * Out     parts, none or several for a chunk. A type that is not known is skipped, since providers invent new ones.
 * Ends    closes the source exactly once: at the end, on a throw, or when `signal` aborts, also when nothing was read
 *         yet and while it is being opened.
 * Throws  the reason of the signal; what the source throws; SourceError `source/value` for a chunk of no known shape,
 *         or at the end when no chunk at all was of a known type.
 */
export function readParts(
  source: TokenSource,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  // The call may fail before anything is read: that must not end the process.
  if (source instanceof Promise) source.catch(() => {})
  let opening: Promise<OpenSource> | undefined
  let opened: OpenSource | undefined
  const open = (): Promise<OpenSource> =>
    (opening ??= openSource(source, signal).then((result) => (opened = result)))
  // Before anything else that listens to the signal: the stream shall know that this end is wanted.
  onAbort(signal, () => {
    if (opened !== undefined) void opened.close()
    // A stream or a promise that was never read is under way all the same, and costs money. A function was not called.
    else if (opening !== undefined || typeof source !== 'function')
      void ignoreErrors(async () => (await open()).close())
  })
  return parts(open, signal)
}

async function* parts(
  open: () => Promise<OpenSource>,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  signal.throwIfAborted()
  const source = await abortable(open(), signal)
  const chunks = new ChunkReader()
  try {
    for (;;) {
      const { done, value } = await abortable(source.next(), signal)
      if (done) break
      for (const part of chunks.read(value)) yield part
    }
    for (const part of chunks.end()) yield part
    if (source.wasAborted()) throw abortedModel()
  } finally {
    await source.close()
  }
}

/** What has to be remembered between the chunks of one source. */
class ChunkReader {
  readonly #unknownTypes = new Set<string>()
  #decoder: TextDecoder | undefined
  #hasKnown = false
  #count = 0

  read(chunk: unknown): readonly Part[] {
    this.#count += 1
    if (typeof chunk === 'string') {
      this.#hasKnown = true
      return this.#decoder ? [...this.#flush(), ...text(chunk)] : text(chunk)
    }
    if (ArrayBuffer.isView(chunk)) {
      this.#hasKnown = true
      // One decoder for all of the source: a character may be cut between two chunks.
      this.#decoder ??= new TextDecoder()
      return text(this.#decoder.decode(chunk as Uint8Array<ArrayBuffer>, { stream: true }))
    }
    const read = chunk !== null && typeof chunk === 'object' ? readerOf(chunk) : undefined
    if (read === undefined) throw this.#refused(chunk)
    const found = read(chunk as object)
    if (found) this.#hasKnown = true
    else this.#unknownTypes.add((chunk as { type: string }).type)
    return found ?? []
  }

  end(): readonly Part[] {
    if (this.#hasKnown || this.#unknownTypes.size === 0) return this.#flush()
    const types = [...this.#unknownTypes].slice(0, MAX_NAMED).join('", "')
    throw new SourceError(
      'source/value',
      `No part of this source is of a known type: "${types}".`,
      { hint: 'Map its parts to their text first.' },
    )
  }

  #flush(): readonly Part[] {
    const rest = text(this.#decoder?.decode())
    this.#decoder = undefined
    return rest
  }

  #refused(chunk: unknown): SourceError {
    const keys = Object.keys(Object(chunk)).slice(0, MAX_NAMED).join(', ')
    const shown = keys && typeof chunk === 'object' ? ` with ${keys}` : ''
    return new SourceError(
      'source/value',
      `A token is text, but the source gave ${kindOf(chunk)}${shown} as its part ${this.#count}.`,
      { hint: 'Map the parts of your model to their text first.' },
    )
  }
}
