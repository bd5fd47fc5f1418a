// Conveniences of the chat kit; a page works without them. Nothing here needs more than script-src 'self'.
{
  const root = document.documentElement
  const opened = new Set()
  const on = (names, listen) => names.split(' ').forEach((name) => addEventListener(name, listen, true))

  const toEnd = () => document.querySelector('.conversation')?.scrollTo(0, 1e9)
  // data-stream: idle, open, or lost while the page asks again. Events of htmx 4 and 2.
  const show = (state) => (root.dataset.stream = state)
  const sent = ({ target }) => {
    if (!target.matches?.('.composer')) return
    target.reset()
    toEnd()
  }
  show('idle')
  toEnd()
  on('htmx:sse:after:connection htmx:sseOpen', (event) => (show('open'), sent(event)))
  on('htmx:sse:error htmx:sseError', () => show('lost'))
  on('htmx:sse:close htmx:sseClose', () => show(document.querySelector('[aria-busy=true]') ? 'lost' : 'idle'))
  on('htmx:afterRequest', (event) => event.detail.xhr?.status == 200 && sent(event))

  // What the reader has opened stays open when it is drawn again: htmx 2 puts new elements in place of the old ones.
  on('toggle', ({ target }) => target.id && opened[target.open ? 'add' : 'delete'](target.id))
  on('htmx:afterSwap htmx:oobAfterSwap', () =>
    opened.forEach((id) => document.getElementById(id)?.setAttribute('open', '')),
  )

  on('keydown', (event) => {
    const { target, key, shiftKey, isComposing } = event
    if (key != 'Enter' || shiftKey || isComposing || !target.matches('.composer textarea')) return
    event.preventDefault()
    target.form.requestSubmit()
  })

  on('click', async ({ target }) => {
    const button = target.closest?.('[data-copy]')
    if (!button) return
    const { textContent } = button
    await navigator.clipboard.writeText(button.closest('.answer').querySelector('.prose').innerText.trim())
    button.textContent = button.dataset.copy
    setTimeout(() => (button.textContent = textContent), 2e3)
  })
}
