import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** Refuses a wrong body: 400 when it cannot be read, 422 when it can. */
export function refuse(status: 400 | 422, message: string): never {
  throw new HTTPException(status, { message })
}

/** The JSON object of a request. */
export async function readJson(c: Context): Promise<Record<string, unknown>> {
  const text = await readText(c)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    refuse(400, 'The body is not JSON.')
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    refuse(422, 'The body is not a JSON object.')
  }
  return value as Record<string, unknown>
}

/** A field of that object which is a list of texts. */
export function texts(fields: Record<string, unknown>, name: string): string[] {
  const value = fields[name]
  const fits = Array.isArray(value) && value.every((item) => typeof item === 'string')
  return fits ? value : refuse(422, `"${name}" is not a list of texts.`)
}

/** One field of a posted form. */
export async function readField(c: Context, name: string): Promise<string> {
  if (c.req.header('content-type')?.startsWith('multipart/'))
    refuse(422, 'Send the form urlencoded.')
  const value = new URLSearchParams(await readText(c, decodesWell)).get(name)?.trim()
  return value || refuse(422, `The form has no "${name}".`)
}

async function readText(c: Context, check?: (text: string) => void): Promise<string> {
  // Not `c.req.text()`: it silently replaces what is not UTF-8 by U+FFFD.
  const bytes = await c.req.arrayBuffer()
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    check?.(text)
    return text
  } catch {
    return refuse(400, 'The body is not UTF-8.')
  }
}

/** The bytes behind the `%` signs must be UTF-8 too. A sign that starts no escape is text. */
function decodesWell(form: string): void {
  decodeURIComponent(form.replace(/%(?![0-9a-f]{2})/gi, '%25'))
}
