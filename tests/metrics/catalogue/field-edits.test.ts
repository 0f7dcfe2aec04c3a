import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Measurement } from '../../../src/metrics/measure.ts'
import type { DealVersion, Dossier } from '../../../src/records/facts.ts'
import { aCall, actsIn, aDeal, at, aWorld, FRIDAY, measure, measureOf, ratio, value } from './portal.ts'

/** Saves of a deal's fields as acts of the person who made them. */

const edit = (when: string, by = 'anna') => ({ at: at(when), knownAt: at(when) + 4000, by })
const edited = (whens: readonly string[], more: Parameters<typeof aDeal>[0] = {}): Dossier => ({
  ...aDeal(more),
  edits: whens.map(when => edit(when)),
})
const clock = (first: string, minutes: number): string =>
  new Date(at(first) + minutes * 60_000).toISOString().slice(0, 16)
const COUNTING = ['M01', 'M02', 'M26', 'M27'] as const
const planned = aWorld({ settings: { planerka: { weekday: 1, time: '09:00' } } })
const numbersOf = (measurement: Measurement) =>
  COUNTING.map(id => [
    id,
    ratio(measurement, id),
    ratio(measurement, id, 'boris'),
    ratio(measurement, id, 'anna', 28),
  ])

describe('a save of fields', () => {
  test('makes a day active with two more deals over two hours, and not within minutes', () => {
    const quick = ['10:00', '10:01', '10:02'].map(time => edited([`2026-11-16T${time}`]))
    const spread = ['10:00', '11:00', '13:00'].map(time => edited([`2026-11-17T${time}`]))
    expect(ratio(measure([...quick, ...spread]), 'M01')).toEqual([1, 5])
  })

  test('counts its deal once a day in the evenness of the rhythm, however many fields and saves', () => {
    const deal = edited(['2026-11-20T10:00', '2026-11-20T10:01', '2026-11-20T10:02'])
    expect(ratio(measure([deal]), 'M02')[1]).toBe(1)
    expect(
      value(measure([edited([16, 17, 18, 19, 20].map(day => `2026-11-${day}T10:00`))]), 'M02'),
    ).toBeCloseTo(1)
  })

  test('is a bulk edit when more than eight deals are saved within ten minutes without a word to a customer', () => {
    const deals = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        edited(
          [clock('2026-11-19T10:00', index)],
          index === 0 ? { activities: [aCall('2026-11-19T09:00')] } : {},
        ),
      )
    expect(ratio(measure(deals(10)), 'M27')).toEqual([9, 10])
    expect(ratio(measure(deals(8)), 'M27')).toEqual([0, 8])
  })

  test('together with moves of other deals fills the same session', () => {
    const moved = Array.from({ length: 5 }, (_, index) =>
      aDeal({
        path: [
          ['NEW', '2026-10-01'],
          ['CALL', clock('2026-11-19T10:00', index), 'anna'],
        ],
      }),
    )
    const saved = Array.from({ length: 4 }, (_, index) => edited([clock('2026-11-19T10:04', index)]))
    expect(ratio(measure([...moved, ...saved]), 'M27')).toEqual([9, 9])
    expect(ratio(measure([...moved, ...saved.slice(1)]), 'M27')).toEqual([0, 8])
  })

  test('ten minutes before the planerka is tidying, and a save on another day of the week clears the deal', () => {
    const tidied = Array.from({ length: 10 }, (_, index) => edited([clock('2026-11-16T08:45', index)]))
    const both = edited(['2026-11-12T12:00', '2026-11-16T08:50'])
    const spoken = edited(['2026-11-16T08:50'], { activities: [aCall('2026-11-13T12:00')] })
    const measurement = measure([...tidied, both, spoken], { world: planned })
    expect(ratio(measurement, 'M26')[1]).toBe(12)
    expect(value(measurement, 'M26')).toBeCloseTo(10 / 12 - 0.05)
    expect(measureOf(measurement, 'M26').evidence?.items()['anna']?.items).toHaveLength(10)
  })
})

describe('what came of deals tidied before the planerka', () => {
  const atTen = aWorld({ settings: { planerka: { weekday: 1, time: '10:00' } } })
  const MONDAYS = ['2026-10-26', '2026-11-02', '2026-11-09', '2026-11-16']
  const tidied = (path: NonNullable<Parameters<typeof aDeal>[0]['path']>, versions: DealVersion[] = []) =>
    Array.from({ length: 14 }, (_, index) => {
      const whens = MONDAYS.map(day => clock(`${day}T09:40`, index))
      const deal = aDeal({
        id: `d${index}`,
        createdAt: '2026-06-10',
        path: [['CALL', '2026-06-10'], ...path],
      })
      return { ...deal, edits: whens.map(when => edit(when)), versions: [...deal.versions, ...versions] }
    })
  const told = (deals: Dossier[]) => {
    const items = measureOf(measure(deals, { world: atTen }), 'M26').evidence?.items()['anna']?.items ?? []
    return [...new Set(items.map(({ fact, params }) => `${fact} ${params['stuck']}`))]
  }

  test('is told of the last planerka that five working days have passed since', () => {
    // One deal keeps the other thirteen company: what is edited in between was not edited before the planerka only.
    const [one] = tidied([['OFFER', '2026-11-10T10:00', 'anna']])
    const [, ...others] = tidied([])
    expect(told([one!, ...others])).toEqual([`tidied_for_show ${1 / 14}`])
    const amount = { ...others[0]!.versions[0]!, observedAt: at('2026-11-10T10:00'), amount: 777 }
    expect(told(tidied([], [amount]))).toEqual(['tidied_before 1'])
  })

  test('is nothing where deals were moved back or lost', () => {
    const [back] = tidied([['NEW', '2026-11-10T10:00', 'anna']])
    const [lost] = tidied([['LOST', '2026-11-10T10:00', 'anna']])
    const [, , ...others] = tidied([])
    expect(told([back!, { ...lost!, id: 'd1' }, ...others])).toEqual(['tidied_for_show 0'])
  })

  test('is not known before the first planerka is five working days old', () => {
    const early = tidied([]).map(deal => ({ ...deal, edits: deal.edits.slice(-1) }))
    expect(told(early)).toEqual(['tidied null'])
  })
})

describe('what is no edit of its own', () => {
  const world = aWorld()
  const editsOf = (path: Parameters<typeof aDeal>[0]['path'], ...whens: string[]): string[] =>
    actsIn(edited(whens, { path }), world, 0)
      .filter(({ actorClass }) => actorClass === null)
      .map(act => new Date(act.at).toISOString().slice(0, 16))

  test('fields saved together with a move of the same person are that move', () => {
    const moved = (by: string) => [['NEW', '2026-10-01'] as const, ['CALL', '2026-11-19T10:00', by] as const]
    expect(editsOf(moved('anna'), '2026-11-19T10:00', '2026-11-19T10:02')).toEqual(['2026-11-19T10:02'])
    expect(editsOf(moved('boris'), '2026-11-19T10:00')).toEqual(['2026-11-19T10:00'])
  })

  test('what goes with closing as lost is as free as the closing', () => {
    const lost = [['NEW', '2026-10-01'] as const, ['LOST', '2026-11-19T10:00', 'anna'] as const]
    const near = ['2026-11-19T09:51', '2026-11-19T10:00', '2026-11-19T10:05', '2026-11-20T10:00']
    expect(editsOf(lost, '2026-11-19T09:40', ...near)).toEqual(['2026-11-19T09:40'])
    const closing = Array.from({ length: 12 }, (_, index) =>
      edited([clock('2026-11-16T08:44', index)], {
        path: [
          ['NEW', '2026-10-01'],
          ['LOST', clock('2026-11-16T08:45', index), 'anna'],
        ],
      }),
    )
    const measurement = measure(closing, { world: planned })
    expect(ratio(measurement, 'M26')).toEqual([null, null])
    expect(ratio(measurement, 'M27')).toEqual([null, null])
  })

  test('people who are not counted make none', () => {
    const excluded = aWorld({ settings: { excludedUsers: ['anna'] } })
    expect(measure([edited(['2026-11-16T10:00'])], { world: excluded }).everyone).toEqual([])
    expect(ratio(measure([edited(['2026-11-16T10:00'])], { world: excluded }), 'M27')).toEqual([null, null])
  })

  test('known authors of saves do not make up for unknown authors of moves', () => {
    const moved = aDeal({
      path: [
        ['NEW', '2026-10-01'],
        ['CALL', '2026-11-19T10:00', 'anna'],
        ['OFFER', '2026-11-19T12:00', null],
      ],
    })
    const saved = Array.from({ length: 20 }, () => edited(['2026-11-19T10:00']))
    expect(measureOf(measure([moved, ...saved]), 'M27').offReason).toBe('author_unknown')
  })

  test('fields that robots changed, or that only a comparison of readings found, change nothing', () => {
    const deals = [
      edited(['2026-11-16T08:50'], { id: 'a' }),
      edited(['2026-11-17T10:00', '2026-11-18T10:00'], { id: 'b', owner: 'boris' }),
      aDeal({ id: 'c', activities: [aCall('2026-11-19T10:00')] }),
    ]
    const plain = numbersOf(measure(deals, { world: planned }))
    const version = fc.record({
      minutes: fc.integer({ min: 0, max: 28 * 24 * 60 }),
      value: fc.string({ maxLength: 3 }),
      changedBy: fc.constantFrom<DealVersion['changedBy']>(null, undefined, 'anna'),
    })
    fc.assert(
      fc.property(fc.array(fc.array(version, { maxLength: 12 }), { minLength: 3, maxLength: 3 }), found => {
        const changed = deals.map((deal, index) => ({
          ...deal,
          versions: [
            ...deal.versions,
            ...found[index]!.toSorted((a, b) => a.minutes - b.minutes).map(
              ({ minutes, value: text, changedBy }) => ({
                ...deal.versions[0]!,
                observedAt: FRIDAY - minutes * 60_000,
                fields: { NEED: text },
                ...(changedBy === undefined ? {} : { changedBy, changeClass: 'robot' as const }),
              }),
            ),
          ].toSorted((a, b) => a.observedAt - b.observedAt),
        }))
        expect(numbersOf(measure(changed, { world: planned }))).toEqual(plain)
      }),
      { numRuns: 25 },
    )
  })
})

test('a save that was read after the instant changes no number of it, whenever it was made', () => {
  const deals = Array.from({ length: 12 }, (_, index) =>
    edited([clock('2026-11-16T08:45', index)], { id: `d${index}` }),
  )
  const before = numbersOf(measure(deals, { world: planned }))
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          deal: fc.nat({ max: 11 }),
          ago: fc.nat({ max: 20_000 }),
          late: fc.integer({ min: 1, max: 90 }),
        }),
      ),
      added => {
        const more = deals.map((deal, index) => ({
          ...deal,
          edits: [
            ...(deal.edits ?? []),
            ...added
              .filter(one => one.deal === index)
              .map(({ ago, late }) => ({
                at: FRIDAY - ago * 60_000,
                knownAt: FRIDAY + late * 60_000,
                by: 'anna',
              })),
          ].toSorted((a, b) => a.at - b.at),
        }))
        expect(numbersOf(measure(more, { world: planned }))).toEqual(before)
      },
    ),
    { numRuns: 25 },
  )
})
