import type { TheatreCheckView, TheatreWeeksView } from '../../src/http/api-schema.ts'
import { people } from './mock-team.ts'

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

/** Weeks behind the second quarter: everybody's for the head, an employee's own. */
export const theatreWeeksOf = (role: string): TheatreWeeksView => {
  const weeks = people.slice(0, 9).flatMap(({ id, name }, person) =>
    Array.from({ length: 12 }, (_, week) => {
      const from = new Date(Date.UTC(2026, 7, 3 + 7 * week))
      const end = (after: number): string =>
        new Date(from.getTime() + after * 7 * 86_400_000 - 1).toISOString()
      return {
        personId: id,
        personName: name,
        from: from.toISOString().slice(0, 10),
        asOf: end(1),
        nextAsOf: end(2),
        score: 50 + ((person * 7 + week * 5) % 40),
        accuracy: week % 3 === 0 ? { good: 1, cases: 1 + (person % 3) } : null,
        moves: { good: 4 + ((person + week) % 9), cases: 96 + week },
      }
    }),
  )
  return role === 'employee' ? { weeks: weeks.slice(0, 12), hidden: weeks.length - 12 } : { weeks, hidden: 0 }
}
