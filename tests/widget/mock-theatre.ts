import type { TheatreCheckView } from '../../src/http/api-schema.ts'

const quarter = (number: number, from: string, to: string) => ({
  number,
  from,
  to,
  answer: 'no' as const,
  accuracy: { people: 9, weeks: 84, cases: 31, effect: null },
  moves: { people: 9, weeks: 104, cases: 12_480, effect: { value: 0.004, low: -0.011, high: 0.019 } },
})

/** The check of the score: in the first days nothing can be said yet, later two quarters showed no link. */
export const theatreOf = (state: string): TheatreCheckView => ({
  weights: { presence: 12, work: 25, pipeline: 33, truth: 15, process: 15 },
  least: { people: 6, weeksEach: 4, weeks: 40, won: 50 },
  check: {
    launchedOn: '2026-05-04',
    nextOn: '2027-02-01',
    quarters:
      state === 'empty'
        ? []
        : [quarter(1, '2026-05-04', '2026-08-02'), quarter(2, '2026-08-03', '2026-11-01')],
    proposal:
      state === 'empty'
        ? null
        : { gaining: ['truth'], weights: { presence: 12, work: 25, pipeline: 28, truth: 20, process: 15 } },
  },
})
