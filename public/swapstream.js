// Conveniences of the chat kit; a page works without them.
{
  const root = document.documentElement
  const opened = new Set()
  const on = (names, listen) => names.split(' ').forEach((name) => addEventListener(name, listen, true))
  const toEnd = () => document.querySelector('.conversation')?.scrollTo(0, 1e9)
  const show = (state) => (root.dataset.stream = state)

  // A button sends no field.
  let named
  on('submit', ({ submitter }) => (named = submitter?.name))
  const sent = ({ target }) => {
    if (!target.matches?.('.composer')) return
    if (!named) target.reset()
    toEnd()
  }

  // Events of htmx 4 and 2.
  on('htmx:sse:after:connection htmx:sseOpen', (event) => (show('open'), sent(event)))
  on('htmx:afterRequest', (event) => event.detail.xhr?.status == 200 && sent(event))
  on('htmx:sse:error htmx:sseError', () => show('lost'))
  on('htmx:sse:close htmx:sseClose', ({ detail }) => {
    show(busy().length ? 'lost' : 'idle')
    if (!document.querySelector('swap-resume')) detail.connection?.busy?.forEach(cut)
  })

  // What a connection has shown is cut when it ends, unless it is whole or another one goes on with it.
  const busy = () => [...document.querySelectorAll('[aria-busy=true]')]
  const cut = (element) => {
    if (!element.matches('[aria-busy=true]')) return
    element.ariaBusy = false
    const sentence = element.querySelector('.cut')
    if (sentence) sentence.hidden = false
    if (sentence || element.parentNode.closest('[aria-busy]')) return
    const notice = Object.assign(document.createElement('p'), { className: 'swapstream-notice', role: 'status' })
    // In the language of the page.
    notice.textContent = document.querySelector('meta[name=swapstream-stopped]')?.content ?? 'Stopped.'
    element.after(notice)
  }
  on('htmx:sse:before:message', ({ detail: { connection } }) => (connection.before = busy()))
  on('htmx:sse:after:message', ({ detail: { connection } }) =>
    busy().forEach((each) => connection.before.includes(each) || (connection.busy ??= new Set()).add(each)),
  )

  // htmx 2 puts new elements in place of those that were opened.
  on('toggle', ({ target }) => target.id && opened[target.open ? 'add' : 'delete'](target.id))
  on('htmx:afterSwap htmx:oobAfterSwap', () =>
    opened.forEach((id) => document.getElementById(id)?.setAttribute('open', '')),
  )

  on('keydown', (event) => {
    const { target, keyCode, shiftKey, isComposing } = event
    // 229 ends a composition.
    if (keyCode != 13 || shiftKey || isComposing || !target.matches('.composer textarea')) return
    event.preventDefault()
    target.form.requestSubmit()
  })

  on('click', async ({ target, detail }) => {
    // These buttons go, not the focus. htmx 2 forgets a button that it has sent when that loses the focus.
    if (!detail && target.closest('.stop, [name=retry], .chips button'))
      setTimeout(() => document.querySelector('.composer textarea')?.focus())
    const button = target.closest('[data-copy]')
    if (!button) return
    const { textContent } = button
    const prose = button.closest('.answer').querySelector('.prose')
    try {
      await navigator.clipboard.writeText(prose.innerText.trim())
    } catch {
      return getSelection().selectAllChildren(prose)
    }
    button.textContent = button.dataset.copy
    setTimeout(() => (button.textContent = textContent), 2e3)
  })

  show('idle')
  if (!location.hash) toEnd()
}
