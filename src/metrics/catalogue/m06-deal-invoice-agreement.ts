import type { InvoiceFact } from '../../records/facts.ts'
import type { DealContext } from '../deal-context.ts'
import { dealItem } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const TOLERANCE = 0.05
/** A sum that was made to fit its invoices so shortly before the close tells nothing. */
const SETTLED_MS = 7 * 86_400_000

/** Does the deal's sum say what was invoiced? */
export const dealInvoiceAgreement: Metric = {
  id: 'M06',
  pillar: 'work',
  measures: [shareMeasure('M06', 'A', 0.9, 0.4)],
  version: '2',
  formula:
    'invoiced deals, open or won in the window, whose sum is within 5 % of their invoices / such deals; a won deal’s sum must have been so 7 days before the close, too, or from its last invoice on',
  caveats: [
    'partial payments and VAT',
    'only deals and invoices in one currency',
    'a won deal counts by its sum at the close alone where that of 7 days before is not known: it was younger, or not read yet',
  ],
  needs: ['invoices'],
  score: { weight: 0.2, over: 'week', isShare: true },
  // Sums carry no date of their own.
  isKnownForPast: () => false,
  minutesPerFix: 3,
  start: context => {
    const tally = new Tally()
    const ledger = context.ledger()
    const fixes = context.fixList()
    return {
      addDeal: deal => {
        const { invoices } = deal.dossier
        if (invoices.length === 0 || !deal.isReal) return
        const won = deal.steps.at(-1)
        const at =
          deal.today !== null && !deal.today.isDead
            ? deal.today.end
            : won !== undefined && won.to.outcome === 'won'
              ? won.at
              : null
        const index = at === null ? -1 : context.window.indexOf(at)
        if (at === null || index < 0) return
        const { amount, currency } = deal.versionAt(at)
        const billed = invoices.filter(invoice => invoice.outcome !== 'lost' && invoice.amount !== null)
        if (billed.length === 0 || billed.some(invoice => invoice.currency !== currency)) return
        const sum = billed.reduce((total, invoice) => total + (invoice.amount ?? 0), 0)
        const before = deal.today === null ? settledAmount(deal, at, billed) : amount
        const isFitted = agree(amount, sum) && !agree(before, sum)
        const agrees = agree(amount, sum) && !isFitted
        const owner = deal.ownerAt(at)
        tally.add(owner, index, agrees ? 1 : 0, 1)
        ledger.show(
          owner,
          at,
          dealItem(deal, agrees, agrees ? 'agreed' : isFitted ? 'fitted' : 'differs', {
            share: differenceOf(isFitted ? before : amount, sum),
            invoices: sum,
          }),
        )
        if (!agrees && deal.today !== null)
          fixes.add(owner, deal.id, amount, () => [{ index, numerator: 1, denominator: 0 }])
      },
      finish: () => [{ measure: 'M06', numbers: tally, evidence: ledger, fixes }],
    }
  },
}

const agree = (amount: number | null, invoices: number): boolean =>
  amount !== null && Math.abs(amount - invoices) <= TOLERANCE * Math.max(amount, 0)

/**
 * The sum that a deal had 7 days before its close; what changed before the last invoice was made is no fit to it.
 * @returns the sum at the close where the earlier one is not known, or was in another currency
 */
const settledAmount = (
  deal: DealContext,
  closedAt: number,
  billed: readonly InvoiceFact[],
): number | null => {
  const atClose = deal.versionAt(closedAt)
  const { versions } = deal.dossier
  if (versions.length === 1) return atClose.amount
  const since = Math.min(
    closedAt,
    billed.reduce((latest, { createdAt }) => Math.max(latest, createdAt), closedAt - SETTLED_MS),
  )
  if (versions[0]!.observedAt > since) return atClose.amount
  const before = deal.versionAt(since)
  return before.currency === atClose.currency ? before.amount : atClose.amount
}

const differenceOf = (amount: number | null, invoices: number): number =>
  amount === null || amount <= 0 ? 1 : Math.abs(amount - invoices) / amount
