/** How much of a text is its end: what stood behind the place where it changed. */
export function tailLength(old: string, now: string): number {
  const most = Math.min(old.length, now.length)
  const same = cutBefore(now, sharedLength(old, now), 0)
  return now.length - cutBefore(now, now.length - most + same, same)
}

/** How long two texts are the same from their beginning. */
export function sharedLength(a: string, b: string): number {
  let same = 0
  while (same < a.length && a[same] === b[same]) same += 1
  return same
}

/** The last place up to another where a text may be cut. */
export function cutBefore(text: string, at: number, least: number): number {
  let cut = at
  while (cut > least && !isCut(text, cut)) cut -= 1
  return cut
}

/** A text may be cut, but not in an entity, nor in a character. */
export function isCut(text: string, at: number): boolean {
  const last = text.charCodeAt(at - 1)
  if (last >= 0xd800 && last < 0xdc00) return false
  return !/&[^;\s]{0,31}$/.test(text.slice(Math.max(0, at - 32), at))
}
