/** What a stream of fragments comes to, as far as that is known before it is read. */
export interface Outlook {
  readonly template: string
  /** The variable that grows. */
  readonly key: string
  /** Everything else, as it is in the last fragment. */
  readonly context: Readonly<Record<string, unknown>>
}

const outlooks = new WeakMap<object, () => Outlook | Promise<Outlook>>()

/**
 * Says of a stream of fragments that it has one text that grows, and that nothing else in its page changes while it does:
 * so the page can be begun before the text is there.
 *
 * It is said of this very object: what somebody makes of it may say more.
 *
 * @example
 * const fragments = streamToFragments(['Hello'], 'chat.html', 'response')
 * foretell(fragments, () => ({ template: 'chat.html', key: 'text', context: { streaming: false } }))
 */
export function foretell(fragments: object, outlook: () => Outlook | Promise<Outlook>): void {
  outlooks.set(fragments, outlook)
}

/** What was said of it; nothing when nothing is known. */
export async function outlookOf(fragments: object): Promise<Outlook | undefined> {
  return outlooks.get(fragments)?.()
}
