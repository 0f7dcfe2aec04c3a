import { dealItem } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const TOLERANCE = 0.05

/** Does the deal's sum say what was invoiced? */
export const dealInvoiceAgreement: Metric = {
  id: 'M06',
  pillar: 'work',
  measures: [shareMeasure('M06', 'A', 0.9, 0.4)],
  version: '1',
  formula:
    'invoiced deals, open or won in the window, whose sum is within 5 % of their invoices / such deals',
  caveats: ['partial payments and VAT', 'only deals and invoices in one currency'],
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
        const agrees = amount !== null && Math.abs(amount - sum) <= TOLERANCE * Math.max(amount, 0)
        const owner = deal.ownerAt(at)
        tally.add(owner, index, agrees ? 1 : 0, 1)
        ledger.show(
          owner,
          at,
          dealItem(deal, agrees, agrees ? 'agreed' : 'differs', {
            share: differenceOf(amount, sum),
            invoices: sum,
          }),
        )
        if (!agrees && deal.today !== null)
          fixes.add(owner, deal.id, amount, [{ index, numerator: 1, denominator: 0 }])
      },
      finish: () => [{ measure: 'M06', numbers: tally, evidence: ledger, fixes }],
    }
  },
}

const differenceOf = (amount: number | null, invoices: number): number =>
  amount === null || amount <= 0 ? 1 : Math.abs(amount - invoices) / amount
