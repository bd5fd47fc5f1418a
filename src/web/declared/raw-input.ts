import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { InputError } from '../../shared/errors.ts'
import type { InputSource } from './definition.ts'

const FORM = 'application/x-www-form-urlencoded'

/**
 * One part of a request, as it was sent. A name that repeats, in a form or a query, holds a list. Names of headers are
 * in lower case.
 *
 * Throws  InputError: 415 for a body of another type, 400 for one that cannot be read.
 */
export function rawInput(source: InputSource, c: Context): unknown {
  switch (source) {
    case 'json':
      return readJson(c)
    case 'form':
      return readForm(c)
    case 'query':
      return collected(new URL(c.req.url).searchParams)
    case 'param':
      return c.req.param()
    case 'header':
      return c.req.header()
    case 'cookie':
      return getCookie(c)
  }
}

async function readJson(c: Context): Promise<unknown> {
  const type = typeOf(c)
  if (!/^application\/(?:[\w.+-]+\+)?json$/.test(type)) throw wrongType(type, 'application/json')
  const text = await readText(c)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InputError('input/malformed', 'The body is not JSON.', { cause })
  }
}

async function readForm(c: Context): Promise<Record<string, unknown>> {
  const type = typeOf(c)
  if (type === FORM) {
    const text = await readText(c)
    // The bytes behind the `%` signs must be UTF-8 too. A sign that starts no escape is text.
    decoded(() => decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25')))
    return collected(new URLSearchParams(text))
  }
  if (type !== 'multipart/form-data') throw wrongType(type, `${FORM} or multipart/form-data`)
  try {
    return collected(await c.req.formData())
  } catch (cause) {
    throw new InputError('input/malformed', 'The multipart body cannot be read.', { cause })
  }
}

/** Not `c.req.text()`: it would put U+FFFD in place of what is not UTF-8, and nobody would notice. */
async function readText(c: Context): Promise<string> {
  const bytes = await c.req.arrayBuffer()
  return decoded(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

function decoded(decode: () => string): string {
  try {
    return decode()
  } catch (cause) {
    throw new InputError('input/malformed', 'The body is not UTF-8.', { cause })
  }
}

function collected(pairs: Iterable<[string, unknown]>): Record<string, unknown> {
  const values = new Map<string, unknown[]>()
  for (const [name, value] of pairs) {
    const held = values.get(name)
    if (held) held.push(value)
    else values.set(name, [value])
  }
  return Object.fromEntries(
    Array.from(values, ([name, list]) => [name, list.length > 1 ? list : list[0]]),
  )
}

const typeOf = (c: Context): string =>
  (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()

function wrongType(type: string, wanted: string): InputError {
  return new InputError('input/content-type', `The body is ${type || 'of no type'}, not ${wanted}.`)
}
