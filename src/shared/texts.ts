import { ConfigError, didYouMean } from './errors.ts'
import { callHook, kindOf, toError } from './hooks.ts'
import type { SchemaIssue } from './schema.ts'

/** A text with a number or a name in it; a plain string leaves that out. */
export type TextWith<Value> = string | ((value: Value) => string)

/**
 * The texts of swapstream itself on pages: labels of the kit, notices, error pages. Each is escaped where it is shown.
 * What the log says, and what programs get, is not among them.
 */
export interface Texts {
  /** The language of the texts, for `<html lang>` and for `timeago`: `de`, `pt-BR`. */
  readonly lang: string
  /** The direction of the writing, for `<html dir>`. */
  readonly dir: 'ltr' | 'rtl'

  // A conversation: swapstream/chat.html
  /** Names the turns, for screen readers. */
  readonly conversation: string
  /** The link to the newest turn. */
  readonly latest: string
  /** Stands before a message of the user, for screen readers. */
  readonly you: string
  /** Stands before a message of the assistant. */
  readonly assistant: string
  /** The label of the composer's field. */
  readonly message: string
  readonly placeholder: string
  readonly send: string
  /** Names the questions to begin or to continue with. */
  readonly suggestions: string
  /** Names the sources of an answer. */
  readonly sources: string
  readonly stop: string
  readonly retry: string
  readonly copy: string
  /** Stands on the button for a moment after that. */
  readonly copied: string
  /** Stands beside Retry, below an answer that is not whole. */
  readonly incomplete: string
  /** Announced once to screen readers when an answer begins. */
  readonly answerBegins: string
  /** Announced once to screen readers when it is there. */
  readonly answerComplete: string

  // How a stream ended, when it is not whole
  readonly stopped: string
  /** An answer reached `maxDurationMs` or `maxOutputBytes`. */
  readonly answerLimit: string
  /** The source of an answer stood still. */
  readonly answerTimeout: string
  /** The server that made a run is gone. */
  readonly answerInterrupted: string
  readonly answerShutdown: string
  /** The same for a live feed. */
  readonly feedLimit: string
  readonly feedTimeout: string
  /** The page connects again by itself. */
  readonly feedShutdown: string
  /** Any failure that has no text of its own. */
  readonly failed: string
  readonly failedTitle: string

  // Requests that are refused, by status: a message, and the title of the error page
  /** 400: what was sent cannot be read. */
  readonly unreadable: string
  readonly unreadableTitle: string
  /** 401 */
  readonly signIn: string
  readonly signInTitle: string
  /** 403 */
  readonly forbidden: string
  readonly forbiddenTitle: string
  /** 403: another site made the browser send the request. The value is the reason in English. */
  readonly crossSite: TextWith<string>
  /** 404: an address without an answer. */
  readonly notFound: string
  readonly notFoundTitle: string
  /** 404: a run that is unknown, or of another owner. */
  readonly unknownRun: string
  /** 405: the value is the method. */
  readonly methodNotAllowed: TextWith<string>
  readonly methodNotAllowedTitle: string
  /** 413 */
  readonly tooLarge: string
  readonly tooLargeTitle: string
  /** 415 */
  readonly contentType: string
  readonly contentTypeTitle: string
  /** 422: the issues of the form follow. */
  readonly invalid: string
  readonly invalidTitle: string
  /** 429: the value is the number of seconds after which it makes sense to try again. */
  readonly tooMany: TextWith<number>
  readonly tooManyTitle: string
  /** 503: the same value. */
  readonly busy: TextWith<number>
  readonly busyTitle: string

  /** The text of one issue of a form. Default: the message of the schema, which the app has chosen. */
  readonly issue: (issue: SchemaIssue) => string
}

/**
 * The texts in English, the default.
 *
 * @example swapstream({ templates: 'templates', texts: { ...english, send: 'Ask' } })
 */
export const english: Texts = Object.freeze<Texts>({
  lang: 'en',
  dir: 'ltr',
  conversation: 'Conversation',
  latest: 'Latest',
  you: 'You',
  assistant: 'Assistant',
  message: 'Message',
  placeholder: 'Ask anything',
  send: 'Send',
  suggestions: 'Questions to try',
  sources: 'Sources',
  stop: 'Stop',
  retry: 'Retry',
  copy: 'Copy',
  copied: 'Copied',
  incomplete: 'This answer is not complete.',
  answerBegins: 'The answer is being written.',
  answerComplete: 'The answer is complete.',
  stopped: 'Stopped.',
  answerLimit: 'The answer reached its limit and was cut here.',
  answerTimeout: 'The answer took too long and was cut here.',
  answerInterrupted:
    'The server that wrote this answer stopped, so it was cut here. Please try again.',
  answerShutdown: 'The server is restarting, so the answer was cut here. Please ask again.',
  feedLimit: 'The live updates reached their limit and have ended. Please load the page again.',
  feedTimeout:
    'The live updates stood still for too long and have ended. Please load the page again.',
  feedShutdown: 'The server is restarting. The live updates go on in a moment.',
  failed: 'Something went wrong.',
  failedTitle: 'Something went wrong',
  unreadable: 'This request cannot be read.',
  unreadableTitle: 'Bad request',
  signIn: 'Please sign in first.',
  signInTitle: 'Not signed in',
  forbidden: 'You may not do this.',
  forbiddenTitle: 'Not allowed',
  crossSite: (reason) => reason,
  notFound: 'There is nothing at this address.',
  notFoundTitle: 'Not found',
  unknownRun: 'This answer does not exist or has expired.',
  methodNotAllowed: (method) => `This address does not answer to ${method}.`,
  methodNotAllowedTitle: 'Method not allowed',
  tooLarge: 'That is too much text for one request.',
  tooLargeTitle: 'Too large',
  contentType: 'This kind of content is not accepted here.',
  contentTypeTitle: 'Not accepted',
  invalid: 'This request does not fit.',
  invalidTitle: 'Does not fit',
  tooMany: 'Too many answers are open at once. Please wait for one to end.',
  tooManyTitle: 'Too many requests',
  busy: 'The server is busy. Please try again in a moment.',
  busyTitle: 'Busy',
  issue: ({ message }) => message,
})

/** A text with its value in it. */
export function textWith<Value>(text: TextWith<Value>, value: Value): string {
  return typeof text === 'string' ? text : text(value)
}

const complete = new WeakMap<Partial<Texts>, Texts>([[english, english]])

/** The texts that may be functions; `issue` is always one. */
const WITH_VALUE = new Set(['crossSite', 'methodNotAllowed', 'tooMany', 'busy', 'issue'])

/**
 * Fills in the English texts that a table leaves out: once for each table, so that all who use it share what is rendered.
 *
 * In      `failed` hears of a function of the table that throws, or that gives no text: the text is then English.
 * Throws  ConfigError `config/invalid` for what is no table, for a key that no text has, and for a value that is no text.
 *
 * @example completeTexts({ send: 'Ask' }).stop // → 'Stop'
 */
export function completeTexts(
  own: Partial<Texts>,
  failed: (error: Error) => void = () => {},
): Texts {
  if (typeof own !== 'object' || Array.isArray(own) || own instanceof Promise) {
    const hint = 'Give a table such as german, or a function of the request that returns one.'
    throw new ConfigError('config/invalid', `texts is ${kindOf(own)}.`, { hint })
  }
  const known = complete.get(own)
  if (known) return known
  const there = Object.entries(own).filter(([, text]) => text !== undefined && text !== null)
  const checked = there.map(([key, text]) => [key, checkedText(key, text, failed)])
  const texts = Object.freeze<Texts>({ ...english, ...Object.fromEntries(checked) })
  complete.set(own, texts)
  complete.set(texts, texts)
  return texts
}

function checkedText(key: string, text: unknown, failed: (error: Error) => void): unknown {
  if (!Object.hasOwn(english, key)) {
    const message = `There is no text "${key}" ${didYouMean(key, Object.keys(english))}.`
    const hint = 'The texts of the app itself go to its templates.'
    throw new ConfigError('config/invalid', message, { hint })
  }
  const takesValue = WITH_VALUE.has(key)
  if (typeof text === 'string' && key !== 'issue') return text
  if (typeof text === 'function' && takesValue) return contained(key, text as Making, failed)
  const hint = key === 'issue' || takesValue ? 'Give a function of its value.' : 'Give a string.'
  throw new ConfigError('config/invalid', `The text "${key}" is ${kindOf(text)}.`, { hint })
}

type Making = (value: unknown) => unknown

/** A notice is shown when something has failed already: its own text must not fail, too. */
function contained(key: string, make: Making, failed: (error: Error) => void): Making {
  return (value) => {
    try {
      const text = make(value)
      if (typeof text === 'string') return text
      callHook(
        () => text,
        () => {},
      )
      failed(new TypeError(`The text "${key}" came out as ${kindOf(text)}.`))
    } catch (error) {
      failed(toError(error))
    }
    return textWith(english[key as keyof Texts] as TextWith<unknown>, value)
  }
}
