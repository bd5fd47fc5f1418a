import { notice, quietNotice } from '../htmx/notices.ts'
import type { EndEvent, EndReason } from '../streams/end.ts'

/** What stands below an answer that is not whole. A failure has its own words. */
const CUT_NOTICES: Partial<Record<EndReason, string>> = {
  limit: 'The answer reached its limit and was cut here.',
  timeout: 'The answer took too long and was cut here.',
  interrupted: 'The server that wrote this answer stopped, so it was cut here. Please try again.',
  shutdown: 'The server is restarting, so the answer was cut here. Please ask again.',
}

/** The notice below an answer that has ended so; nothing when it is whole. */
export function endNotice({ reason, error }: EndEvent): string | undefined {
  if (error) return notice(error.message, `${error.code} ${error.id}`)
  if (reason === 'stopped' || reason === 'disconnected') return quietNotice('Stopped.')
  const cut = CUT_NOTICES[reason]
  return cut && notice(cut)
}
