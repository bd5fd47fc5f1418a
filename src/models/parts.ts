import { AbortableWaits, ignoreErrors, onAbort } from '../shared/abortable.ts'
import { hasEndSign, readChunk } from './chunks.ts'
import { text, type Part, type Piece, Answer } from './pieces.ts'
import { abortedModel, cutAnswer, wrongValue } from './errors.ts'
import { openSource, type OpenSource, type TokenSource } from './source.ts'
import { kindOf } from '../shared/hooks.ts'

/** How many unknown types a message names. */
const MAX_NAMED = 5

/**
 * Reads a source part by part, whatever SDK its chunks are of: text, bytes of UTF-8 cut anywhere, objects.
 *
 * Out     parts, none or several for a chunk, with a blank line between two texts that something stands between. A type
 *         that is not known is skipped, since providers invent new ones.
 * Ends    closes the source exactly once: at the end, on a throw, or when `signal` aborts, also when nothing was read
 *         yet and while it is being opened.
 * Throws  the reason of the signal; what the source throws; SourceError `source/failed` for an answer that was cut, so
 *         one of a provider whose end has not come; `source/value` for a chunk of no known shape, or at the end when no
 *         chunk at all was of a known type.
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
  const waits = new AbortableWaits(signal)
  const source = await waits.until(open())
  // One for all bytes of a source: a character may be cut between two chunks.
  let decoder: TextDecoder | undefined
  const unknownTypes = new Set<string>()
  const answer = new Answer()
  let hasKnown = false
  try {
    let number = 1
    for (; ; number++) {
      const { done, value: chunk } = await waits.until(source.next())
      if (done) break
      if (ArrayBuffer.isView(chunk)) decoder ??= new TextDecoder()
      const found = piecesOf(chunk, decoder) ?? refused(chunk, number)
      if (found === 'unknown') unknownTypes.add((chunk as { type: string }).type)
      else {
        hasKnown = true
        if (typeof chunk === 'object') answer.hasEndSign ||= hasEndSign(chunk, source.isList)
        for (const piece of found) {
          const part = answer.partOf(piece)
          if (part) yield part
        }
      }
    }
    yield* text(decoder?.decode()) as Part[]
    if (source.wasAborted()) throw abortedModel()
    if (number === 1 && source.isNeverEmpty) throw cutAnswer()
    answer.checkEnd()
    if (!hasKnown && unknownTypes.size > 0) {
      const types = [...unknownTypes].slice(0, MAX_NAMED).join('", "')
      const message = `No part of this source is of a known type: "${types}".`
      throw wrongValue(message, 'Map its parts to their text first.')
    }
  } finally {
    await source.close()
  }
}

/** @param decoder Present once bytes have come; it may hold the beginning of a character. */
function piecesOf(chunk: unknown, decoder?: TextDecoder): readonly Piece[] | 'unknown' | undefined {
  if (typeof chunk === 'string')
    return decoder ? [...text(decoder.decode()), ...text(chunk)] : text(chunk)
  if (ArrayBuffer.isView(chunk))
    return text(decoder?.decode(chunk as Uint8Array<ArrayBuffer>, { stream: true }))
  return chunk !== null && typeof chunk === 'object' ? readChunk(chunk) : undefined
}

function refused(chunk: unknown, number: number): never {
  const keys = Object.keys(Object(chunk)).slice(0, MAX_NAMED).join(', ')
  const shown = keys && typeof chunk === 'object' ? ` with ${keys}` : ''
  throw wrongValue(
    `A token is text, but the source gave ${kindOf(chunk)}${shown} as its part ${number}.`,
    'Map the parts of your model to their text first; readEvents() and readNDJSON() of swapstream/client give those of a response.',
  )
}
