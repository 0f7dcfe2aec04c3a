import type { Format } from '../i18n/format.ts'

/** Metrics whose numerator and denominator are money. */
const MONEY = new Set(['M05', 'M13', 'M13.dead', 'M15'])

/** Message keys cannot hold the dot of `M13.dead`. */
export const metricKey = (metric: string): string => metric.replace('.', '_')

export type UnitWords = { t: (key: string, named: Record<string, unknown>) => string; format: Format }

/** A metric's value in its unit. Shares arrive as 0..1. */
export const metricValue = (value: number | null, unit: string, { t, format }: UnitWords): string => {
  if (value === null) return '·'
  switch (unit) {
    case 'share':
    case 'percent':
    case '%':
      return format.share(value, Math.abs(value) < 0.1 && value !== 0 ? 1 : 0)
    case 'hours':
    case 'h':
      return t('common.hoursShort', { n: format.number(value) })
    case 'days':
    case 'd':
      return t('common.daysShort', { n: format.number(value) })
    case 'points':
      return format.number(value, 0)
    case 'ratio':
    case 'index':
    case '0-1':
      return format.number(value, 2)
    default:
      return format.number(value, 2)
  }
}

/** Numerator and denominator as the evidence link shows them: money short, counts whole. */
export const metricPart = (metric: string, value: number, currency: string | null, format: Format): string =>
  MONEY.has(metric) && Math.abs(value) > 1
    ? format.sum(value, currency)
    : format.number(value, value < 10 ? 1 : 0)
