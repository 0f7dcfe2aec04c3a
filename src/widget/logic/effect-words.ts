import type { ProcessView } from '../../http/api-schema.ts'
import type { Format } from '../i18n/format.ts'

export type Effect = NonNullable<ProcessView['pipelines'][number]['edges'][number]['effect']>

const VERDICTS = { less: 'Less', more: 'More', same: 'Same' } as const

/** Ends of the words' keys: `effectLess`, `winMore` … */
export const verdictWord = ({ verdict }: Effect): 'Less' | 'More' | 'Same' => VERDICTS[verdict]

const points = (share: number, format: Format): string => format.signed(100 * share, 0)

/** The shares, their counts and the interval, as the words take them. */
export const effectFigures = (effect: Effect, format: Format): Record<string, string> => ({
  own: format.share(effect.won / effect.decided),
  won: format.number(effect.won, 0),
  decided: format.number(effect.decided, 0),
  main: format.share(effect.mainWon / effect.mainDecided),
  mainWon: format.number(effect.mainWon, 0),
  mainDecided: format.number(effect.mainDecided, 0),
  difference: points(effect.difference, format),
  low: points(effect.low, format),
  high: points(effect.high, format),
})
