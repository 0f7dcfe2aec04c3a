import type { DealView } from '../../http/api-schema.ts'
import type { Format } from '../i18n/format.ts'

type Translate = (key: string, named: Record<string, unknown>, count: number) => string

export type Speak = { t: Translate; format: Format }

/** Whole from ten up, one decimal below: the same rounding as in messages and exports. */
const DAY_DIGITS = (days: number): number => (days < 10 ? 1 : 0)

export const daysText = ({ t, format }: Speak, key: string, days: number): string => {
  const digits = DAY_DIGITS(days)
  const shown = digits === 0 ? Math.round(days) : Math.round(days * 10) / 10
  return t(key, { n: format.number(shown, digits) }, shown)
}

/**
 * Why a deal is flagged, in facts: age against the stage's own threshold, silence, promise. Only clocks
 * that have run out are named; the sentence is the one that messages and exports carry.
 */
export const reasonOf = (deal: DealView, speak: Speak): string => {
  const { t, format } = speak
  const parts: string[] = []
  const short = (days: number): string => format.number(days, DAY_DIGITS(days))
  const isOld = deal.flags.includes('age') && deal.t80Days !== null
  if (isOld && deal.t80Days !== null) {
    const age = t(
      'reason.age',
      { age: daysText(speak, 'common.workdays', deal.ageDays), stage: deal.stageName },
      1,
    )
    const usual = t(
      deal.source === 'preset' ? 'reason.usualPreset' : 'reason.usual',
      { t80: short(deal.t80Days) },
      1,
    )
    parts.push(`${age}; ${usual}.`)
  }
  if (deal.flags.includes('silence') && deal.silenceDays !== null) {
    const n = daysText(speak, 'common.workdays', deal.silenceDays)
    parts.push(
      isOld || deal.s80Days === null
        ? t('reason.silence', { n }, 1)
        : t('reason.silenceUsual', { n, s80: short(deal.s80Days) }, 1),
    )
  }
  const promise = deal.flags.includes('promise') ? promiseOf(deal, speak) : null
  if (promise !== null) parts.push(promise)
  return parts.join(' ')
}

const promiseOf = (deal: DealView, speak: Speak): string | null => {
  if (deal.promise === 'missing') return speak.t('reason.missing', {}, 1)
  if (deal.promise === 'overdue')
    return speak.t(
      'reason.overdue',
      { n: daysText(speak, 'common.workdays', deal.promiseOverdueDays ?? 0) },
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
