const shown = new Map<string, () => void>()

/**
 * Shows a run in one place of one page. Whoever showed it there before leaves quietly: a page that goes on by another
 * connection may still have the first, and what both add would stand there twice.
 *
 * Out     a function for when this one has ended.
 *
 * @param place The run, and what the page was lent for it.
 * @param leave Ends this one without another word.
 */
export function takeOver(place: string, leave: () => void): () => void {
  shown.get(place)?.()
  shown.set(place, leave)
  return () => {
    if (shown.get(place) === leave) shown.delete(place)
  }
}
