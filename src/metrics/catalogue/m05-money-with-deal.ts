import type { InvoiceFact } from '../../records/facts.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

/** Share of invoiced money that hangs on a deal. */
export const moneyWithDeal: Metric = {
  id: 'M05',
  pillar: 'work',
  measures: [shareMeasure('M05', 'A', 0.95, 0.5)],
  version: '1',
  formula: 'sum of invoices linked to a deal / sum of invoices, by issue date, in the portal’s currency',
  caveats: ['the CRM does not date the link itself'],
  needs: ['invoices'],
  score: { weight: 0.3, over: 'week', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const tally = new Tally()
    const ledger = context.ledger()
    const add = (invoice: InvoiceFact, dealId: string | null, title: string | null): void => {
      if (invoice.amount === null || invoice.amount <= 0 || invoice.currency !== world.currency) return
      if (!context.isCounted(invoice.responsibleId)) return
      const at = issuedAt(invoice, context)
      const index = window.indexOf(at)
      if (index < 0) return
      tally.add(invoice.responsibleId, index, dealId === null ? 0 : invoice.amount, invoice.amount, 1)
      if (index >= window.sevenFrom)
        ledger.show(invoice.responsibleId, at, {
          kind: 'invoice',
          id: invoice.id,
          dealId,
          title,
          counts: dealId !== null,
          fact: dealId === null ? 'not_linked' : 'linked',
          params: { amount: invoice.amount, currency: invoice.currency },
        })
    }
    return {
      addDeal: deal => {
        for (const invoice of deal.dossier.invoices) add(invoice, deal.id, deal.dossier.title)
      },
      addLoose: items => {
        for (const invoice of items.invoices) add(invoice, null, null)
      },
      finish: () => [{ measure: 'M05', numbers: tally, evidence: ledger }],
    }
  },
}

const issuedAt = (
  invoice: InvoiceFact,
  { world }: { world: { workingTime: { startOf(day: number): number } } },
): number =>
  invoice.issuedOn === null
    ? invoice.createdAt
    : world.workingTime.startOf(Date.parse(`${invoice.issuedOn}T00:00:00Z`) / 86_400_000)
