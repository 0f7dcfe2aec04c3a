import type { Outcome } from '../../records/records.ts'

/** Numbers that stand for words in the columns of a portal's history. */

/** An instant that has not come: `leftAt` of a stay without end. */
export const NEVER = Number.POSITIVE_INFINITY

export const OUTCOMES: readonly Outcome[] = ['open', 'won', 'lost']
export const OPEN = 0
export const WON = 1
export const LOST = 2

/** Ways out of a stage. STAYING = no exit yet. */
export const STAYING = 0
export const FORWARD = 1
export const BACK = 2
export const LOSS = 3
export const OTHER = 4
export const EXITS = ['forward', 'back', 'lost', 'other'] as const
