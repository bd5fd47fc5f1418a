import type MarkdownIt from 'markdown-it'
import { ConfigError } from '../shared/errors.ts'

export const REL = 'noopener noreferrer nofollow ugc'

/** Tells whether a link may lead there: http, https, mailto, or a place of this site. In: the address, percent-encoded. */
export function isSafeLink(href: string): boolean {
  const scheme = /^([^/?#:]*):/.exec(href)?.[1]
  return scheme === undefined || /^(?:https?|mailto)$/i.test(scheme)
}

/** Characters that show nothing, or turn around what stands beside them. */
const INVISIBLE = /\p{Cf}|\u034f|\u115f|\u1160/u
/** A claim is made at the beginning, where it is read. */
const MAX_CLAIM_CHARS = 200
/** Finds what a reader takes for a host: behind `//` anything, elsewhere names and dots, or numbers. */
const CLAIMED_HOST =
  /(?<![^\s:(<])\/\/([^\s/?#\\]+)|(?<![\p{L}\p{N}_/=?&#%-])((?:[\p{L}\p{N}_-]+\.)+(?:\p{L}{2,}|xn--[a-z\d-]+)|(?:\d{1,3}\.){3}\d{1,3}|localhost(?=:\d)|\[[\da-f:.]*:[\da-f:.]*\])(?![\p{L}\p{N}_(]|\.\p{L})/giu
/** Names of files and of code, which no host has at its end. */
const NO_HOST =
  /\.(?:\p{Ll}+\p{Lu}.*|[cm]?[jt]sx?|css|csv|docx?|gif|html?|jpe?g|json[5cl]?|log|lock|pdf|png|pptx?|scss|svg|txt|vue|webp|xlsx?|xml|ya?ml)$/u

/**
 * Gives the host of a link whose text names another one, or may not be read as it is written.
 *
 * In      the address, with its host in ASCII; the text of the link.
 */
export function hostToShow(href: string, text: string): string | undefined {
  // Browsers need no slash behind a scheme, and take any number of them.
  const authority = /^(?:https?:[\\/]*|[\\/]{2,}|mailto:)([^\\/?#]*)/i.exec(href)?.[1]
  if (authority === undefined) return undefined
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const hasUser = authority.includes('@') && !/^mailto:/i.test(href)
  if (hasUser || INVISIBLE.test(text)) return host
  const isOther = claimedHosts(text).some((claimed) => bare(claimed) !== bare(host))
  return isOther ? host : undefined
}

/** The hosts that a text names, whichever dots and widths it writes them with. */
function claimedHosts(text: string): string[] {
  const plain = text
    .slice(0, MAX_CLAIM_CHARS)
    .normalize('NFKC')
    .replace(/(?<=[a-z\d])。(?=[a-z\d])/gi, '.')
  const hosts = Array.from(plain.matchAll(CLAIMED_HOST), ([, first, second]) => first ?? second!)
  return hosts.filter((host) => !NO_HOST.test(host))
}

/** Letters of other scripts are not compared as browsers do: what looks like another host is to be seen. */
const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^www\./, '')
    .replace(/\.?(?::\d+)?$/, '')

/** Tells addresses of this site from all others. */
const SELF = 'https://self.invalid'

/**
 * Makes the check whether an image may be loaded.
 *
 * Throws  ConfigError `config/invalid`.
 */
export function imageGate(origins: readonly string[]): (src: string) => boolean {
  const allowed = new Set(origins.map((origin) => (origin === 'self' ? SELF : originOf(origin))))
  if (allowed.size === 0) return () => false
  return (src) => URL.canParse(src, SELF) && allowed.has(new URL(src, SELF).origin)
}

function originOf(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null'
  if (/^https?:/.test(origin) && (text === origin || text === `${origin}/`)) return origin
  throw new ConfigError(
    'config/invalid',
    `markdown({ images: [${JSON.stringify(text)}] }) names no origin.`,
    { hint: 'Write it like "https://img.example.com", or "self" for this site.' },
  )
}

interface Definitions {
  readonly references: Readonly<Record<string, { href: string; title: string }>>
}

const CITATION = /^\[(\d{1,4})\](?!\()/
const MAX_CITATION_CHARS = 7

/**
 * Reads a number in brackets that is defined as a mark of its own: `[1][2]` cites two sources, where Markdown would read one
 * link from the first to the second.
 */
export function addCitations(md: InstanceType<typeof MarkdownIt>): void {
  md.inline.ruler.before('link', 'mark', (state, silent) => {
    const [mark, label] =
      CITATION.exec(state.src.slice(state.pos, state.pos + MAX_CITATION_CHARS)) ?? []
    if (mark === undefined || label === undefined || state.linkLevel > 0) return false
    const definition = (state.env as Definitions).references[label]
    if (definition === undefined) return false
    if (!silent) {
      const link = state.push('link_open', 'a', 1)
      link.attrs = [['href', definition.href]]
      if (definition.title) link.attrSet('title', definition.title)
      state.push('text', '', 0).content = label
      state.push('link_close', 'a', -1)
    }
    state.pos += mark.length
    return true
  })
}
