import { dealItem } from '../deal-evidence.ts'
import type { Metric } from '../metric.ts'
import { Samples } from '../tally.ts'

/** Working days since both sides last spoke, the median over a person's open deals. */
export const silence: Metric = {
  id: 'M14',
  pillar: null,
  measures: [{ id: 'M14', unit: 'days', payClass: 'B', target: null, floor: null, lessIsBetter: true }],
  version: '1',
  formula: 'median working days since the last two-way contact, over eligible deals at the end of the window',
  caveats: ['chats outside the CRM are invisible: read with M07'],
  needs: ['activities'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const samples = new Samples()
    const ledger = context.ledger()
    return {
      addDeal: deal => {
        const { today } = deal
        if (today === null || today.isDead) return
        const { silenceDays, s80Days } = deal.verdictOn(today)
        if (silenceDays === null) return
        samples.add(today.owner, today.index, silenceDays)
        ledger.show(
          today.owner,
          today.end,
          dealItem(deal, s80Days === null || silenceDays <= s80Days, 'silent_for', {
            days: Math.round(silenceDays * 10) / 10,
            usual: s80Days,
          }),
        )
      },
      finish: () => [{ measure: 'M14', numbers: samples, evidence: ledger }],
    }
  },
}
