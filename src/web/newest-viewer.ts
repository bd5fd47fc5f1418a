const shown = new Map<string, () => void>()

/**
 * Shows a run in one place of one page. Whoever showed it there before leaves quietly: a page that goes on by another
 * connection may still have the first, and what both add would stand there twice.
 *
 * Out     a function for when this one has ended.
 *
 * @param place The run, and what the page was lent for it.
 * @param leave Ends this one without another word.
 * @param returns He was here before. Of two who come for the first time and were lent the same by chance, both stay.
 */
export function takeOver(place: string, leave: () => void, returns: boolean): () => void {
  if (returns) shown.get(place)?.()
  shown.set(place, leave)
  return () => {
    if (shown.get(place) === leave) shown.delete(place)
  }
}
