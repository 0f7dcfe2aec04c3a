import type { Measure, Metric, Need } from '../metric.ts'

/**
 * Metrics of the catalogue whose source no room keeps yet (a form of rules, the planerka's journal, a ledger of
 * prices, a survey, the launch board). They are listed with their facts and are off with a reason, never zero.
 */
const waiting = (of: {
  id: string
  measure: Omit<Measure, 'id'>
  needs: readonly Need[]
  formula: string
  pillar?: Metric['pillar']
  score?: Metric['score']
}): Metric => ({
  id: of.id,
  pillar: of.pillar ?? null,
  measures: [{ id: of.id, ...of.measure }],
  version: '1',
  formula: of.formula,
  caveats: [],
  needs: of.needs,
  score: of.score ?? null,
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
    id: 'M23',
    measure: share('A', 0.85, 0.3),
    needs: ['rules'],
    formula: 'deals on a stage that hold its evidence before the move or within 24 hours / deals',
    pillar: 'process',
    score: { weight: 0.6, over: 'day', isShare: true },
  }),
  waiting({
    id: 'M29',
    measure: share('C', 0.1, 0.5),
    needs: ['ledger'],
    formula:
      'share of rises in the last two working days of the pay period minus their share on other days, undone within 10 days',
  }),
  waiting({
    id: 'M30',
    measure: share('C', 0.7, 0.2),
    needs: ['rules'],
    formula: 'shown fields in class Used / shown fields',
  }),
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
    id: 'M35',
    measure: { unit: 'hours', payClass: 'C', target: null, floor: null, lessIsBetter: false },
    needs: ['ledger'],
    formula: 'Σ runs · use · max(0, t_manual − t_check) / 60 − upkeep − repair',
  }),
  waiting({
    id: 'M36',
    measure: share('C', 1, 0),
    needs: ['board'],
    formula: 'must-have items done / must-have items',
  }),
]
