/** One item behind a number. `fact` is a machine word with parameters; screens put it into words. */
export type EvidenceItem = {
  kind: 'deal' | 'task' | 'activity' | 'invoice'
  id: string
  dealId: string | null
  title: string | null
  /** True when the item counts in the numerator. */
  counts: boolean
  fact: string
  params: Record<string, string | number | null>
}

/** Part `evidence:<metric>`: employee id → items of the 7-day window, newest first, at most 500 each. */
export type Evidence = Record<string, { total: number; items: EvidenceItem[] }>
