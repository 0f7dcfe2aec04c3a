import type { RolloutView } from '../../http/api-schema.ts'

type Adoption = NonNullable<RolloutView['adoption']>
export type FirstWeek = Adoption['people'][number]['tidying']

type Words = { t: (key: string, named?: Record<string, unknown>) => string; te: (key: string) => boolean }

/**
 * When something was first seen of a person, in words. What cannot be told says so and why: it is neither "never" nor
 * "not yet".
 * @param off why tidying is not measured now; null = it is
 */
export const firstWeekWords = (
  what: 'tidying' | 'steady',
  { first, weeks, off }: { first: FirstWeek; weeks: number; off: string | null },
  { t, te }: Words,
): string => {
  if (first === null) return '·'
  if (first.week !== null)
    return t(first.mayBeEarlier ? 'rollout.adoption.atLatest' : 'rollout.adoption.habitAt', { n: first.week })
  if (!first.mayBeEarlier) return t(`rollout.adoption.${what}None`)
  if (first.judged > 0) return t('rollout.adoption.judged', { n: first.judged, weeks })
  const reason =
    off === null
      ? t('rollout.adoption.fewEdits')
      : te(`catalogue.off.${off}`)
        ? t(`catalogue.off.${off}`)
        : t('catalogue.off.other', { reason: off })
  return t('rollout.adoption.unknown', { reason })
}
