type Words = {
  t: (key: string, named: Record<string, unknown>, count: number) => string
  te: (key: string) => boolean
}

/** The fix of a metric as an order to oneself: verb first, with the number of deals. */
export const fixTitle = (metric: string, deals: number, { t, te }: Words): string =>
  t(te(`fix.${metric}`) ? `fix.${metric}` : 'fix.other', { n: deals }, deals)

export const fixHintKey = (metric: string, te: (key: string) => boolean): string =>
  te(`fixHint.${metric}`) ? `fixHint.${metric}` : 'fixHint.other'
