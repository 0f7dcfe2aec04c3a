import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { burstsOf, type Edit, stickiness, windowFrom } from '../../../src/metrics/bursts.ts'
import { binomialTail, falseDiscoveryPasses } from '../../../src/metrics/history/binomial.ts'
import { WorkingTime } from '../../../src/metrics/working-time.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const time = new WorkingTime(
  { timeZone: 'Europe/Moscow', workdays: [1, 2, 3, 4, 5], hours: ['09:00', '18:00'], holidays: [] },
  Date.parse('2026-01-01T00:00:00Z'),
  Date.parse('2026-12-01T00:00:00Z'),
)
/** Mondays 10:00 Moscow time. */
const meeting = (week: number): number => Date.parse('2026-03-02T07:00:00Z') + week * 7 * DAY
const meetings = Array.from({ length: 12 }, (_, week) => meeting(week))

/** Twenty deals a week, edited on Wednesday noon; some instead on Monday at nine, just before the meeting. */
const weekOf = (week: number, personId: string, late: number): Edit[] =>
  Array.from({ length: 20 }, (_, deal) => ({
    at: deal < late ? meeting(week) - HOUR : meeting(week) - 5 * DAY + 2 * HOUR,
    personId,
    dealId: `${personId}-${week}-${deal}`,
    isCosmetic: true,
  }))

describe('the burst before a planerka', () => {
  test('the window opens at 18:00 of the previous working day', () => {
    expect(new Date(windowFrom(meeting(0), time)).toISOString()).toBe('2026-02-27T15:00:00.000Z')
  })

  test('a week tidied in the last hour stands out against the person’s own habit', () => {
    const edits = [
      ...meetings.flatMap((_, week) => weekOf(week, 'anna', week === 11 ? 12 : 0)),
      ...meetings.flatMap((_, week) => weekOf(week, 'boris', 0)),
    ]
    const bursts = burstsOf(edits, meetings, time)
    expect(bursts.filter(burst => burst.isSignal)).toMatchObject([
      { personId: 'anna', meetingAt: meeting(11), edited: 20, tidied: 12, share: 0.6 },
    ])
    expect(bursts.find(burst => burst.isSignal)?.lift).toBeGreaterThan(2)
  })

  test('days of planerkas held before are no other days to compare with', () => {
    const edits = meetings.flatMap((_, week) => weekOf(week, 'anna', 10))
    const [told] = burstsOf(edits, meetings.slice(11), time, meetings.slice(0, 11))
    const all = burstsOf(edits, meetings, time).find(({ meetingAt }) => meetingAt === meeting(11))
    expect(told).toEqual(all)
    expect(told?.baseline).toBe(0.05)
    expect(burstsOf(edits, meetings.slice(11), time)[0]?.baseline).toBeGreaterThan(0.05)
  })

  test('many saves on one deal count once, and a real touch or an earlier edit clears the deal', () => {
    const at = meeting(3) - HOUR
    const edit = (dealId: string, changes: Partial<Edit> = {}): Edit => ({
      at,
      personId: 'anna',
      dealId,
      isCosmetic: true,
      ...changes,
    })
    const [burst] = burstsOf(
      [
        ...Array.from({ length: 9 }, () => edit('one')),
        edit('two'),
        edit('two', { at: at - 3 * DAY }),
        edit('three', { isCosmetic: false }),
      ],
      [meeting(3)],
      time,
    )
    expect(burst).toMatchObject({ edited: 3, tidied: 1, dealIds: ['one'], isSignal: false })
  })

  test('with few deals four weeks are read together', () => {
    const edits = meetings.flatMap((_, week) => weekOf(week, 'anna', 2).slice(0, 5))
    const last = burstsOf(edits, meetings, time).at(-1)
    expect(last).toMatchObject({ weeks: 4, edited: 20, tidied: 8 })
  })

  test('what was tidied sticks when it is touched or moved within five working days', () => {
    const burst = { meetingAt: meeting(0), dealIds: ['a', 'b', 'c', 'd'] }
    const followedOn = new Map([
      ['a', meeting(0) + DAY],
      ['b', meeting(0) + 9 * DAY],
    ])
    const isFollowed = (dealId: string, from: number, to: number) => {
      const at = followedOn.get(dealId)
      return at !== undefined && at > from && at <= to
    }
    expect(stickiness(burst, isFollowed, time)).toBe(0.25)
    expect(stickiness({ ...burst, dealIds: [] }, isFollowed, time)).toBeNull()
  })
})

describe('counting what could be chance', () => {
  test('the binomial tail agrees with adding up by hand', () => {
    expect(binomialTail(0, 10, 0.3)).toBe(1)
    expect(binomialTail(3, 3, 0.5)).toBeCloseTo(1 / 8, 14)
    expect(binomialTail(9, 10, 0.5)).toBeCloseTo(11 / 1024, 11)
    expect(binomialTail(11, 10, 0.5)).toBe(0)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (n, p) => {
          // Pascal's triangle of chances.
          let chances = [1]
          for (let trial = 0; trial < n; trial++)
            chances = Array.from(
              { length: chances.length + 1 },
              (_, k) => (chances[k] ?? 0) * (1 - p) + (chances[k - 1] ?? 0) * p,
            )
          for (let k = 0; k <= n; k++)
            expect(binomialTail(k, n, p)).toBeCloseTo(
              chances.slice(k).reduce((sum, chance) => sum + chance, 0),
              6,
            )
        },
      ),
    )
  })

  test('false discoveries are held by the step-up rule of the textbook', () => {
    // Benjamini & Hochberg 1995, their fifteen p-values at 5 %: the four smallest stand.
    const published = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ]
    expect(falseDiscoveryPasses(published, 0.05).filter(Boolean)).toHaveLength(4)
    expect(falseDiscoveryPasses([], 0.05)).toEqual([])
  })
})
