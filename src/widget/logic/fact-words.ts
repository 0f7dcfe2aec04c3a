import type { EvidenceView } from '../../http/api-schema.ts'
import type { Format } from '../i18n/format.ts'

type Item = Pick<EvidenceView['items'][number], 'fact' | 'params'>

type Words = {
  t: (key: string, named: Record<string, unknown>) => string
  te: (key: string) => boolean
  format: Format
}

const SHARES: ReadonlySet<string> = new Set(['share', 'baseline', 'stuck'])
const INSTANT = /^\d{4}-\d{2}-\d{2}T/
const DAY = /^\d{4}-\d{2}-\d{2}$/

/** A parameter as it is written in a sentence: dates short, shares as per cent, figures rounded. */
const paramText = (name: string, value: string | number | null, format: Format): string => {
  if (value === null) return '·'
  if (typeof value === 'number') return SHARES.has(name) ? format.share(value) : format.number(value)
  if (INSTANT.test(value)) return format.instant(value, 'day')
  return DAY.test(value) ? format.day(value) : value
}

/** The machine word of an evidence item in the viewer's language; an unknown word is shown with its figures. */
export const factText = (item: Item, { t, te, format }: Words): string => {
  const named = Object.fromEntries(
    Object.entries(item.params).map(([name, value]) => [name, paramText(name, value, format)]),
  )
  const key = `evidence.facts.${item.fact}`
  if (te(key)) return t(key, named)
  const figures = Object.values(named).filter(text => text !== '·')
  return [item.fact.replaceAll('_', ' '), ...figures].join(', ')
}
