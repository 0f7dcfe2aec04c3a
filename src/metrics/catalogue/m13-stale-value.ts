import type { DealDay } from '../deal-context.ts'
import { dealItem, fixDays, lastWeekByOwner } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

/** Where fewer open deals than this carry an amount in the portal's currency, deals are counted instead. */
const MIN_AMOUNT_SHARE = 0.5

/** Share of the open value that is red, averaged over the days; the dead layer apart. */
export const staleValue: Metric = {
  id: 'M13',
  pillar: 'pipeline',
  measures: [shareMeasure('M13', 'A', 0.15, 0.7), { ...shareMeasure('M13.dead', 'C', 0.05, 0.5) }],
  version: '1',
  formula:
    'value of red deals / value of open deals, summed over working days; dead = no movement and no touch for more than 365 days',
  caveats: ['by number of deals where most have no amount in the portal’s currency'],
  needs: ['activities', 'tasks'],
  score: { weight: 0.25, over: 'day', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: 3,
  start: context => {
    const byValue = { stale: new Tally(), dead: new Tally() }
    const byCount = { stale: new Tally(), dead: new Tally() }
    const stale = context.ledger()
    const dead = context.ledger()
    const fixes = { byValue: context.fixList(), byCount: context.fixList() }
    const { currency } = context.world
    const pricedAmount = ({ version }: DealDay): number | null =>
      version.amount !== null && version.amount > 0 && version.currency === currency ? version.amount : null
    let priced = 0
    let all = 0
    return {
      addDeal: deal => {
        for (const day of deal.days) {
          const isRed = day.isDead || deal.levelOn(day) === 'red'
          const amount = pricedAmount(day)
          // The dead layer weighs in no sample and no choice, so that clearing it can only help.
          const sample = day.isDead ? 0 : 1
          all += sample
          byCount.stale.add(day.owner, day.index, isRed ? 1 : 0, 1, sample)
          byCount.dead.add(day.owner, day.index, day.isDead ? 1 : 0, 1, sample)
          if (amount === null) continue
          priced += sample
          byValue.stale.add(day.owner, day.index, isRed ? amount : 0, amount, sample)
          byValue.dead.add(day.owner, day.index, day.isDead ? amount : 0, amount, sample)
        }
        for (const [who, days] of lastWeekByOwner(deal, deal.days)) {
          const last = days.at(-1)!
          const redDays = days.filter(day => day.isDead || deal.levelOn(day) === 'red').length
          stale.show(
            who,
            last.end,
            dealItem(deal, redDays > 0, redDays > 0 ? 'red' : 'not_red', {
              days: Math.round(context.world.workingTime.days(last.stay.from, last.end)),
              redDays,
              of: days.length,
              amount: last.version.amount,
            }),
          )
          if (last.isDead)
            dead.show(who, last.end, dealItem(deal, true, 'dead', { amount: last.version.amount }))
        }
        const { today } = deal
        if (today === null || (!today.isDead && deal.levelOn(today) !== 'red')) return
        // A red deal is put right and stays open; the dead layer is closed and leaves the whole.
        const without = (weightOf: (day: DealDay) => number | null) => () =>
          fixDays(deal.days, today, deal.window.sevenFrom, day => {
            const weight = weightOf(day)
            if (weight === null || (!day.isDead && deal.levelOn(day) !== 'red')) return null
            return { numerator: -weight, denominator: day.isDead ? -weight : 0 }
          })
        fixes.byValue.add(today.owner, deal.id, today.version.amount, without(pricedAmount))
        fixes.byCount.add(
          today.owner,
          deal.id,
          today.version.amount,
          without(() => 1),
        )
      },
      finish: () => {
        const isByValue = priced >= all * MIN_AMOUNT_SHARE && priced > 0
        const chosen = isByValue ? byValue : byCount
        return [
          {
            measure: 'M13',
            numbers: chosen.stale,
            evidence: stale,
            fixes: isByValue ? fixes.byValue : fixes.byCount,
          },
          { measure: 'M13.dead', numbers: chosen.dead, evidence: dead },
        ]
      },
    }
  },
}
