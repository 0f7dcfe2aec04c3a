import type { DealContext } from '../deal-context.ts'
import { dealItem, instant } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Samples, Tally } from '../tally.ts'
import { talkOf } from '../touch.ts'

const HOUR = 3_600_000
const TARGET_HOURS = 4

/** How soon real events (a call, an invoice, a payment) are followed by the owner's record in the deal. */
export const captureLag: Metric = {
  id: 'M03',
  pillar: 'work',
  measures: [
    { id: 'M03', unit: 'hours', payClass: 'B', target: TARGET_HOURS, floor: 24, lessIsBetter: true },
    shareMeasure('M03.retro', 'A', 0.05, 0.5),
  ],
  version: '2',
  formula:
    'median working hours from a call, invoice or payment to the next stage move or next step by a person; retro = deals created after their first invoice or closed within an hour of creation / new deals',
  caveats: [
    'telephony must be linked',
    'an event without a record counts once the target has passed',
    'deals of an import are not new ones',
  ],
  needs: ['activities', 'tasks'],
  score: { weight: 0.25, over: 'week', isShare: false },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window } = context
    const lag = new Samples()
    const retro = new Tally()
    const lagLedger = context.ledger()
    const retroLedger = context.ledger()
    return {
      addDeal: deal => {
        if (!deal.isReal) return
        let records: number[] | null = null
        for (const at of eventsOf(deal)) {
          const index = window.indexOf(at)
          if (index < 0) continue
          records ??= recordsOf(deal)
          const record = records.find(candidate => candidate >= at) ?? null
          const owner = deal.ownerAt(at)
          const hours = context.elapsed(owner, at, record ?? window.until) / HOUR
          if (record === null && hours <= TARGET_HOURS) continue
          lag.add(owner, index, hours)
          if (index >= window.sevenFrom)
            lagLedger.show(
              owner,
              at,
              dealItem(deal, hours <= TARGET_HOURS, record === null ? 'not_recorded' : 'lag', {
                date: instant(at),
                hours: Math.round(hours * 10) / 10,
              }),
            )
        }
        const index = window.indexOf(deal.dossier.createdAt)
        if (index < 0 || deal.isImported) return
        const reason = retroReason(deal)
        const owner = deal.ownerAt(deal.dossier.createdAt)
        retro.add(owner, index, reason === null ? 0 : 1, 1)
        if (index >= window.sevenFrom)
          retroLedger.show(
            owner,
            deal.dossier.createdAt,
            dealItem(deal, reason !== null, reason ?? 'in_time', {}),
          )
      },
      finish: () => [
        { measure: 'M03', numbers: lag, evidence: lagLedger },
        { measure: 'M03.retro', numbers: retro, evidence: retroLedger },
      ],
    }
  },
}

/** Instants of things that really happened around the deal. */
const eventsOf = (deal: DealContext): number[] => {
  const events: number[] = []
  for (const activity of deal.dossier.activities) {
    const talk = talkOf(activity)
    if (talk !== null) events.push(talk.until)
  }
  for (const invoice of deal.dossier.invoices) {
    events.push(invoice.createdAt)
    if (invoice.outcome === 'won' && invoice.movedAt !== null) events.push(invoice.movedAt)
  }
  return events
}

/** Stage moves and next steps by people, ascending; a move of unknown hand counts, a robot's does not. */
const recordsOf = (deal: DealContext): number[] => {
  const records = deal.steps
    .filter(step => step.actorClass === 'person' || step.actorClass === 'unknown')
    .map(step => step.at)
  for (const activity of deal.dossier.activities)
    if (activity.actorClass === 'person' && activity.deadlineAt !== null && activity.kind !== 'call')
      records.push(activity.createdAt)
  for (const task of deal.dossier.tasks) if (task.createdBy !== null) records.push(task.createdAt)
  return records.sort((a, b) => a - b)
}

const retroReason = (deal: DealContext): string | null => {
  const { dossier, world } = deal
  const { workingTime } = world
  const createdDay = workingTime.dayOf(dossier.createdAt)
  const isInvoicedBefore = dossier.invoices.some(
    invoice =>
      invoice.createdAt < dossier.createdAt ||
      (invoice.issuedOn !== null && invoice.issuedOn < workingTime.dateOf(createdDay)),
  )
  if (isInvoicedBefore) return 'invoiced_before_deal'
  const closed = deal.stays.find(stay => stay.outcome !== 'open')
  return closed !== undefined && closed.from - dossier.createdAt < HOUR ? 'closed_within_hour' : null
}
