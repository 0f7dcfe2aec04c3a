import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutDossier } from '../../../src/metrics/cut.ts'
import { flagDeal, judgeOf, type Standing } from '../../../src/metrics/portal-history.ts'
import { holdAt, ranOutAt, runningDays } from '../../../src/metrics/standstill.ts'
import { stageKey, type World } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import { activityOf, day, dealOf, taskOf, worldOf } from './portal.ts'

const world = worldOf({ sales: 'A B won lost' }, 30)
const standing: Standing = {
  thresholds: new Map([
    [
      stageKey('sales', 'A'),
      { t80OwnDays: 9, t80Days: 9, t95Days: 20, s80Days: 6, source: 'own' as const, sample: 64 },
    ],
  ]),
  hasContacts: true,
}
const { workingTime } = world
const pause = (from: number, until: number, endedAt: number | null = null) => ({
  madeAt: day(from),
  until: day(until),
  endedAt: endedAt === null ? null : day(endedAt),
})
const objection = (opened: number, answer: 'normal' | 'stands' | null = null, answered = opened + 1) => ({
  openedAt: day(opened),
  answeredAt: answer === null ? null : day(answered),
  answer,
})
const flagOf = (dossier: Dossier, at = 30, by: World = world) => {
  const now = { ...by, asOf: day(at) }
  const cut = cutDossier(dossier, now.asOf)
  return cut === null ? null : flagDeal(cut, standing, now)
}
const on = (entered: number, marks: Partial<Dossier>) => dealOf([[entered, 'sales.A']], marks)

describe('a paused deal', () => {
  test('is not flagged while it is paused, and its clocks go on from where they stood', () => {
    const reply = activityOf({ kind: 'message', direction: 'in', createdAt: day(16) })
    const deal = on(10, { pauses: [pause(18, 25)], activities: [reply] })
    expect(flagOf(deal, 17)?.deal.level).toBe('none')
    expect(flagOf(deal, 24)?.deal).toMatchObject({ level: 'none', ageDays: 8 })
    expect(flagOf(deal, 24)?.deal.clocks).toMatchObject({ hold: { kind: 'paused' }, promise: null })
    // Eight days before the pause, one after it: the ninth is still usual.
    expect(flagOf(deal, 26)?.deal).toMatchObject({ level: 'none', ageDays: 9 })
    const later = flagOf(deal, 27)
    expect(later?.deal).toMatchObject({ level: 'red', ageDays: 10 })
    expect(later?.deal.clocks).toMatchObject({ pausedDays: 7, hold: null })
    expect(later?.flags.find(({ flag }) => flag === 'age')?.since).toBe(new Date(day(26)).toISOString())
  })

  test('was not paused before somebody said so', () => {
    const deal = on(10, { pauses: [pause(22, 40)] })
    expect(flagOf(deal, 21)?.deal.level).toBe('red')
    expect(flagOf(deal, 23)?.deal.level).toBe('none')
  })

  test('runs again as soon as a person ends the pause', () => {
    const deal = on(10, { pauses: [pause(12, 40, 14)] })
    expect(flagOf(deal, 13)?.deal.clocks.hold?.kind).toBe('paused')
    expect(flagOf(deal, 30)?.deal).toMatchObject({ level: 'red', ageDays: 18 })
  })

  test('stands still for thirty working days at most and twice at most', () => {
    const long = on(10, { pauses: [pause(12, 100)] })
    expect(flagOf(long, 41)?.deal.clocks.hold?.kind).toBe('paused')
    expect(flagOf(long, 43)?.deal.clocks.hold).toBeNull()
    const often = on(10, { pauses: [pause(11, 12), pause(13, 14), pause(15, 40)] })
    expect(flagOf(often, 30)?.deal).toMatchObject({ level: 'red', ageDays: 18 })
  })

  test('its clock is the time outside of pauses, and runs out where that time is up', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 20 }), fc.nat(20), fc.integer({ min: 1, max: 20 })),
        fc.nat(60),
        fc.integer({ min: 1, max: 30 }),
        ([gap, length, second, other], until, days) => {
          const marks = {
            pauses: [pause(gap, gap + length), pause(gap + length + second, gap + length + second + other)],
          }
          let running = 0
          for (let at = 0; at < until; at++)
            if (!marks.pauses.some(({ madeAt, until: end }) => day(at) >= madeAt && day(at) < end)) running++
          expect(runningDays(marks, day(0), day(until), workingTime)).toBeCloseTo(running, 9)
          const out = ranOutAt(marks, day(0), days, workingTime)
          expect(runningDays(marks, day(0), out, workingTime)).toBeCloseTo(days, 9)
        },
      ),
    )
  })
})

describe('an objection', () => {
  test('holds the flag for five working days: it is shown, and counts for nothing', () => {
    const deal = on(10, { objections: [objection(22)] })
    const judged = (at: number) => judgeOf(standing, { ...world, asOf: day(at) })(deal, day(at)).level
    expect([21, 24, 26.9, 27.1].map(judged)).toEqual(['red', 'none', 'none', 'red'])
    expect(flagOf(deal, 24)?.deal).toMatchObject({ level: 'red', clocks: { hold: { kind: 'disputed' } } })
  })

  test('answered "normal" clears the flag of this stay for thirty working days, "stands" does not', () => {
    const normal = on(10, { objections: [objection(22, 'normal')] })
    expect([22.5, 24, 52, 54].map(at => flagOf(normal, at)?.deal.level)).toEqual([
      'red',
      'none',
      'none',
      'red',
    ])
    expect(flagOf(normal, 24)?.flags).toEqual([])
    expect(flagOf(on(10, { objections: [objection(22, 'stands')] }), 24)?.deal.clocks.hold).toBeNull()
  })

  test('said again and again holds nothing, nor does one of an earlier stay', () => {
    expect(holdAt({ objections: [objection(12), objection(24)] }, day(25), day(10), workingTime)).toBeNull()
    expect(holdAt({ objections: [objection(8)] }, day(9), day(10), workingTime)).toBeNull()
    expect(holdAt({ objections: [objection(12)] }, day(13), day(10), workingTime)?.kind).toBe('disputed')
  })
})

describe('what has not been read yet', () => {
  const deal = on(5, { activities: [activityOf({ kind: 'message', direction: 'in', createdAt: day(6) })] })

  test('is neither silence nor a missing step: only age speaks', () => {
    const unread = { ...world, unread: new Set(['activities', 'tasks'] as const) }
    const blind = { ...standing, hasContacts: false }
    const young = flagDeal(on(15, {}), blind, unread)
    expect(young?.deal).toMatchObject({ level: 'amber', silenceDays: null })
    expect(young?.flags.map(({ flag }) => flag)).toEqual(['age'])
    expect(young?.deal.clocks.promise).toBeNull()
    expect(flagDeal(deal, blind, unread)?.deal.level).toBe('red')
  })

  test('counts as soon as it is there', () => {
    expect(flagOf(deal)?.flags.map(({ flag }) => flag)).toEqual(['age', 'silence', 'promise'])
    const kept = on(26, { tasks: [taskOf({ createdAt: day(26), deadlineAt: day(40) })] })
    expect(flagOf(kept)?.deal.clocks.promise).toBeNull()
  })
})

test('marks made after the instant change nothing before it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.integer({ min: 11, max: 60 }), length: fc.integer({ min: 1, max: 20 }) }), {
        maxLength: 3,
      }),
      fc.array(fc.integer({ min: 11, max: 60 }), { maxLength: 2 }),
      (pauses, opened) => {
        const marks = {
          pauses: pauses
            .toSorted((a, b) => a.at - b.at)
            .map(({ at, length }) => pause(at, at + length, at + length - 0.5)),
          objections: opened.toSorted((a, b) => a - b).map(at => objection(at, 'normal')),
        }
        for (const at of [20, 35]) {
          const known = {
            pauses: marks.pauses
              .filter(({ madeAt }) => madeAt <= day(at))
              .map(one => (one.endedAt !== null && one.endedAt > day(at) ? { ...one, endedAt: null } : one)),
            objections: marks.objections
              .filter(({ openedAt }) => openedAt <= day(at))
              .map(one =>
                (one.answeredAt ?? 0) > day(at) ? { ...one, answeredAt: null, answer: null } : one,
              ),
          }
          const deal = on(10, {})
          expect(flagOf({ ...deal, ...marks }, at)).toEqual(flagOf({ ...deal, ...known }, at))
        }
      },
    ),
  )
})

test('how long deals usually stay is the age by which half have left the stage; unknown where fewer ever did', () => {
  const curve = (...survival: number[]) => ({
    times: Float64Array.from(survival, (_, row) => (row + 1) * workingTime.dayMs),
    survival: Float64Array.from(survival),
    left: new Int32Array(survival.length),
    exits: survival.length,
  })
  const usualOf = (own: ReturnType<typeof curve>) => {
    const stays = new Map([[stageKey('sales', 'A'), { own, pipeline: own }]])
    const deal = dealOf([[0, 'sales.A']])
    return judgeOf({ ...standing, stays }, world).usualStay?.(deal, day(5))
  }
  expect(usualOf(curve(0.8, 0.6, 0.45, 0.1))).toBe(3)
  expect(usualOf(curve(0.8, 0.6))).toBeNull()
})
