import type { DealView } from '../../http/api-schema.ts'
import type { Format } from '../i18n/format.ts'

type Translate = (key: string, named: Record<string, unknown>, count: number) => string

export type Speak = { t: Translate; format: Format }

const DAY_DIGITS = (days: number): number => (days < 3 ? 1 : 0)

export const daysText = ({ t, format }: Speak, key: string, days: number): string => {
  const digits = DAY_DIGITS(days)
  const shown = digits === 0 ? Math.round(days) : Math.round(days * 10) / 10
  return t(key, { n: format.number(shown, digits) }, shown)
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/**
 * Why a deal is flagged, in facts: age against the stage's own threshold, silence, promise, chance. Facts
 * that are in order are left out, except that the customer is in touch when silence is measured.
 */
export const reasonOf = (deal: DealView, speak: Speak): string => {
  const { t, format } = speak
  const parts: string[] = []
  const age = t(
    'reason.age',
    { age: daysText(speak, 'common.workdays', deal.ageDays), stage: deal.stageName },
    1,
  )
  const t80 = deal.t80Days
  const usual =
    t80 === null
      ? null
      : t(
          deal.source === 'preset' ? 'reason.usualPreset' : 'reason.usual',
          { t80: format.number(t80, DAY_DIGITS(t80)) },
          1,
        )
  parts.push(usual === null ? `${sentence(age)}.` : `${sentence(age)}; ${usual}.`)
  if (deal.flags.includes('silence') && deal.silenceDays !== null)
    parts.push(t('reason.silence', { n: daysText(speak, 'reason.forDays', deal.silenceDays) }, 1))
  else if (deal.silenceDays !== null && deal.flags.length > 0) parts.push(t('reason.inTouch', {}, 1))
  const promise = promiseOf(deal, speak)
  if (promise !== null) parts.push(promise)
  return parts.join(' ')
}

const promiseOf = (deal: DealView, speak: Speak): string | null => {
  if (deal.promise === 'missing') return speak.t('reason.missing', {}, 1)
  if (deal.promise === 'overdue')
    return speak.t(
      'reason.overdue',
      { n: daysText(speak, 'reason.forDays', deal.promiseOverdueDays ?? 0) },
      1,
    )
  return null
}

/** The clock that is quickest to put right: a promise first, then silence, then age. */
export const clearingKey = (deal: DealView): 'missing' | 'overdue' | 'silence' | 'age' | null => {
  if (deal.level === 'none') return null
  if (deal.promise !== null && deal.flags.includes('promise')) return deal.promise
  if (deal.flags.includes('silence')) return 'silence'
  return 'age'
}

/** How far the age strip reaches, in working days: past T95, and always past the deal itself. */
export const stripScale = (deal: {
  ageDays: number
  t80Days: number | null
  t95Days: number | null
}): number => Math.max(1.25 * (deal.t95Days ?? (deal.t80Days ?? 0) * 2), 1.08 * deal.ageDays, 1)
