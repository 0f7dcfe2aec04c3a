import type { DealView, Marked } from '../../http/api-schema.ts'
import type { Format } from '../i18n/format.ts'
import type { ApiError } from '../session/api-error.ts'

type Words = {
  t: (key: string, named: Record<string, unknown>, count?: number) => string
  te: (key: string) => boolean
}

const codeText = (code: string, { t, te }: Words): string =>
  te(`marks.codes.${code}`) ? t(`marks.codes.${code}`, {}) : t('marks.codes.other', { code })

/** What became of a list of deals, in one sentence. */
export const markedText = ({ done, refused }: Marked, words: Words): { text: string; isBad: boolean } => {
  if (refused.length === 0)
    return { text: words.t('marks.done', { n: done.length }, done.length), isBad: false }
  const why = [...new Set(refused.map(({ code }) => codeText(code, words)))].join(', ')
  return { text: words.t('marks.partly', { ok: done.length, bad: refused.length, why }), isBad: true }
}

export const failedText = (error: ApiError, words: Words): string =>
  words.t('marks.failed', { why: codeText(error.code, words) })

/** What people have said about the flag of a deal, or null. */
export const markText = (deal: DealView, words: Words & { format: Format }): string | null => {
  const { t, format } = words
  if (deal.pause !== null)
    return t('marks.paused', {
      date: format.instant(deal.pause.until, 'day'),
      reason: t(`marks.reasons.${deal.pause.reason}`, {}),
      who: deal.pause.madeByName ?? deal.pause.madeBy,
    })
  const said = deal.objection
  if (said === null) return null
  if (said.state === 'open')
    return t(said.holdsUntil === null ? 'marks.objectedOver' : 'marks.objectedTitle', {
      who: said.openedByName ?? said.openedBy,
      date: format.instant(said.openedAt, 'day'),
      until: said.holdsUntil === null ? '' : format.instant(said.holdsUntil, 'day'),
    })
  return t(said.state === 'normal' ? 'marks.normalTitle' : 'marks.standsTitle', {
    who: said.answeredByName ?? said.answeredBy ?? '',
    date: said.answeredAt === null ? '' : format.instant(said.answeredAt, 'day'),
  })
}
