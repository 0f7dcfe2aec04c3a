import type { ScoreView } from '../../http/api-schema.ts'

export type BandWord = NonNullable<ScoreView['band']> | 'none'

/** Bands of the score: 80 habit, 60 forming, 40 on request, below outside of the CRM. */
export const bandOf = (value: number | null): BandWord => {
  if (value === null) return 'none'
  const shown = Math.round(value)
  if (shown >= 80) return 'habit'
  if (shown >= 60) return 'forming'
  return shown >= 40 ? 'on_request' : 'outside'
}
