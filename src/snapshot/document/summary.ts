export type CompanySummary = {
  openDeals: number
  /** Open value by currency. */
  openAmount: Record<string, number>
  redDeals: number
  amberDeals: number
  redAmount: Record<string, number>
  /** Share of open value that is red, 0..1, in the portal's currency. */
  redShare: number | null
  isAmnesty: boolean
  /** Last day of the first two weeks, while they last. */
  amnestyUntil?: string | null
  /** Open deals whose clocks stand still, and their value. */
  paused?: { deals: number; amount: Record<string, number> }
  /** What had not been read from the CRM when this was built: `activities`, `tasks`, `invoices`. */
  unread?: string[]
  historyStart: string | null
  actorsKnownSince: string
  /** First and last day of the week the score speaks of. */
  weekFrom: string
  weekTo: string
  /** Newest record we had when building. */
  dataUntil: string | null
}
