/** The text of a Markdown page without its code. */
export const proseOf = (text: string): string => text.replace(/^```[^]*?^```$/gm, '')

/** The anchors of a page, as GitHub makes them of headings: the second one of a name is counted. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>()
  return [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
    const anchor = heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    return count > 0 ? `${anchor}-${count}` : anchor
  })
}
