import { describe, expect, test } from 'vitest'
import { aCall, aDeal, aWorld, measure, measureOf, person, ratio, value } from './portal.ts'

describe('M01, active working days', () => {
  test('a day with a talk is active, a day without anything is not', () => {
    const deal = aDeal({ activities: [aCall('2026-11-16T10:00'), aCall('2026-11-18T10:00')] })
    expect(ratio(measure([deal]), 'M01')).toEqual([2, 5])
  })

  test('three deals edited within minutes are not a day; over two hours they are', () => {
    const moved = (when: string) =>
      aDeal({
        path: [
          ['NEW', '2026-10-01'],
          ['CALL', when, 'anna'],
        ],
      })
    const quick = ['2026-11-16T10:00', '2026-11-16T10:01', '2026-11-16T10:02'].map(moved)
    const spread = ['2026-11-17T10:00', '2026-11-17T11:00', '2026-11-17T13:00'].map(moved)
    expect(ratio(measure([...quick, ...spread]), 'M01')).toEqual([1, 5])
  })

  test('a call of ten seconds is no touch', () => {
    const deal = aDeal({ activities: [aCall('2026-11-16T10:00', 'anna', { durationSeconds: 10 })] })
    expect(ratio(measure([deal]), 'M01')).toEqual([0, 5])
  })

  test('a robot does not make a day active', () => {
    const call = aCall('2026-11-16T10:00', 'anna', { actorClass: 'robot' })
    expect(ratio(measure([aDeal({ activities: [call] })]), 'M01')[0]).toBe(0)
  })

  test('when more than a fifth of the authors are unknown, nobody is credited', () => {
    const known = aCall('2026-11-16T10:00')
    const unknown = aCall('2026-11-17T10:00', null, { actorClass: 'unknown' })
    const measured = measureOf(measure([aDeal({ activities: [known, unknown] })]), 'M01')
    expect(measured.offReason).toBe('author_unknown')
    expect(measured.isForGroupsOnly).toBe(true)
  })

  test('holidays are not working days', () => {
    const calendar = {
      timeZone: 'UTC',
      workdays: [1, 2, 3, 4, 5],
      hours: ['09:00', '18:00'] as [string, string],
      holidays: ['2026-11-19', '2026-11-20'],
    }
    const world = aWorld({ settings: { calendar } })
    const deal = aDeal({ activities: [aCall('2026-11-16T10:00')] })
    expect(ratio(measure([deal], { world }), 'M01')).toEqual([1, 3])
  })
})

describe('M02, evenness of the rhythm', () => {
  const week = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20']

  test('one deal touched every day is perfectly even', () => {
    const deal = aDeal({ activities: week.map(day => aCall(`${day}T10:00`)) })
    expect(value(measure([deal]), 'M02')).toBeCloseTo(1)
  })

  test('everything on one day of five reads one fifth', () => {
    const deals = [1, 2, 3, 4, 5].map(() => aDeal({ activities: [aCall('2026-11-20T10:00')] }))
    expect(value(measure(deals), 'M02')).toBeCloseTo(0.2)
  })

  test('many saves on one deal on one day count once', () => {
    const calls = ['10:00', '10:05', '10:10', '10:15'].map(time => aCall(`2026-11-20T${time}`))
    expect(ratio(measure([aDeal({ activities: calls })]), 'M02')[1]).toBe(1)
  })

  test('a company is the sum of its people weighted by touched deals, not a mean of means', () => {
    const anna = aDeal({ activities: week.map(day => aCall(`${day}T10:00`)) })
    const boris = aDeal({ owner: 'boris', activities: [aCall('2026-11-20T10:00', 'boris')] })
    const numbers = measureOf(measure([anna, boris]), 'M02').numbers
    expect(numbers?.read(['anna', 'boris'], 21, 27)).toMatchObject({
      numerator: 5 * 1 + 1 * 0.2,
      denominator: 6,
    })
  })
})

test('a person left out by settings and one who was dismissed are nobody', () => {
  const world = aWorld({
    people: [person('anna'), { ...person('boris'), isActive: false }, person('vera')],
    settings: { excludedUsers: ['vera'] },
  })
  const deals = ['anna', 'boris', 'vera'].map(owner => aDeal({ owner }))
  expect(measure(deals, { world }).everyone).toEqual(['anna'])
})
