import type { DealVersion } from '../../records/facts.ts'
import { dealItem, fixDays, lastWeekByOwner } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { placeholdersOf } from '../placeholders.ts'
import { Tally } from '../tally.ts'
import type { World } from '../world.ts'

const DAY = 86_400_000

/** Names of two facts that every deal has a place for, beside the CRM's own field ids. */
export const AMOUNT_FIELD = 'amount'
export const CLOSE_DATE_FIELD = 'closeOn'

/** Five to seven fields are enough; more would be filled for their own sake. */
const MAX_PROPOSED = 7

/**
 * The set that M17 starts with until somebody chooses: required fields, amount and close date.
 * @returns field ids, `amount` and `closeOn` for the two built-in facts
 */
export const proposeCriticalFields = (world: Pick<World, 'fields'>): string[] => [
  AMOUNT_FIELD,
  CLOSE_DATE_FIELD,
  ...[...world.fields.values()]
    .filter(field => field.isRequired)
    .map(field => field.id)
    .sort()
    .slice(0, MAX_PROPOSED - 2),
]

/** Are the few fields that decisions read filled, and were they filled yesterday already? */
export const criticalFields: Metric = {
  id: 'M17',
  pillar: 'truth',
  measures: [shareMeasure('M17', 'B', 0.9, 0.4)],
  version: '2',
  formula:
    'critical fields filled for at least 24 hours, and not with a placeholder / critical fields due, over eligible deal-days',
  caveats: ['starts with required fields, amount and close date until a set is chosen'],
  needs: [],
  score: { weight: 0.6, over: 'day', isShare: true },
  // Field values carry no date of their own.
  isKnownForPast: () => false,
  minutesPerFix: 2,
  start: context => {
    const chosen = context.world.settings.criticalFields
    const fields = chosen ?? proposeCriticalFields(context.world)
    const always = fields.filter(field => chosen !== null || field !== CLOSE_DATE_FIELD)
    const isCloseDateProposed = chosen === null
    const isPlaceholder = placeholdersOf(context.world)
    const isFilled = (version: DealVersion, field: string): boolean => {
      if (field === AMOUNT_FIELD) return version.amount !== null && version.amount > 0
      if (field === CLOSE_DATE_FIELD) return version.closeOn !== null
      const value = version.fields[field]
      return value !== undefined && !isPlaceholder(field, value)
    }
    const titleOf = (field: string): string => context.world.fields.get(field)?.title ?? field
    const tally = new Tally()
    const closeDates = new Tally()
    let isCloseDateUsed = false
    const ledger = context.ledger()
    const fixes = context.fixList()
    return {
      addDeal: deal => {
        const missingOn = (version: DealVersion, before: DealVersion): string[] =>
          always.filter(field => !isFilled(version, field) || !isFilled(before, field))
        for (const day of deal.eligibleDays) {
          const before = deal.versionAt(day.end - DAY)
          tally.add(
            day.owner,
            day.index,
            always.length - missingOn(day.version, before).length,
            always.length,
          )
          if (!isCloseDateProposed) continue
          const hasCloseDate = isFilled(day.version, CLOSE_DATE_FIELD)
          if (hasCloseDate) isCloseDateUsed = true
          closeDates.add(day.owner, day.index, hasCloseDate && isFilled(before, CLOSE_DATE_FIELD) ? 1 : 0, 1)
        }
        for (const [who, days] of lastWeekByOwner(deal, deal.eligibleDays)) {
          const last = days.at(-1)!
          const missing = missingOn(last.version, deal.versionAt(last.end - DAY))
          ledger.show(
            who,
            last.end,
            missing.length === 0
              ? dealItem(deal, true, 'filled', { filled: always.length, total: always.length })
              : dealItem(deal, false, 'missing', { fields: missing.map(titleOf).join(', ') }),
          )
        }
        const { today } = deal
        if (today === null || today.isDead) return
        if (always.some(field => !isFilled(today.version, field)))
          fixes.add(today.owner, deal.id, today.version.amount, () =>
            fixDays(deal.eligibleDays, today, deal.window.sevenFrom, day => {
              const missing = missingOn(day.version, deal.versionAt(day.end - DAY)).length
              return missing === 0 ? null : { numerator: missing, denominator: 0 }
            }),
          )
      },
      finish: () => {
        // A portal that never sets close dates is not asked for them.
        if (isCloseDateUsed) tally.merge(closeDates)
        return [{ measure: 'M17', numbers: tally, evidence: ledger, fixes }]
      },
    }
  },
}
