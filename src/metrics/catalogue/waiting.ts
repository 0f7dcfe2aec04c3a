import type { Measure, Metric, Need } from '../metric.ts'

/**
 * Metrics of the catalogue whose source no room keeps yet (the planerka's journal, a ledger of
 * prices, a survey, the launch board). They are listed with their facts and are off with a reason, never zero.
 */
const waiting = (of: {
  id: string
  measure: Omit<Measure, 'id'>
  needs: readonly Need[]
  formula: string
}): Metric => ({
  id: of.id,
  pillar: null,
  measures: [{ id: of.id, ...of.measure }],
  version: '1',
  formula: of.formula,
  caveats: [],
  needs: of.needs,
  score: null,
  isKnownForPast: () => false,
  minutesPerFix: null,
  start: () => ({ finish: () => [] }),
})

const share = (payClass: Measure['payClass'], target: number, floor: number): Omit<Measure, 'id'> => ({
  unit: 'share',
  payClass,
  target,
  floor,
  lessIsBetter: floor > target,
})

export const WAITING: readonly Metric[] = [
  waiting({
    id: 'M32',
    measure: { unit: 'index', payClass: 'C', target: null, floor: null, lessIsBetter: true },
    needs: ['ledger'],
    formula:
      'custom fields + custom stages beyond 7 + robots + add-ons, each × share unused; price / person-days of use',
  }),
  waiting({
    id: 'M33',
    measure: { unit: 'index', payClass: 'C', target: 0.2, floor: 0.8, lessIsBetter: true },
    needs: ['survey'],
    formula: '½ (JSD(head, log) + JSD(staff, log)) over stage transitions',
  }),
  waiting({
    id: 'M34',
    measure: share('B', 0.9, 0.3),
    needs: ['planerka_journal'],
    formula: 'planerkas held / planned',
  }),
  waiting({
    id: 'M36',
    measure: share('C', 1, 0),
    needs: ['board'],
    formula: 'must-have items done / must-have items',
  }),
]
