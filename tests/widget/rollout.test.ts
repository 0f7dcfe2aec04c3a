import { describe, expect, test } from 'vitest'
import { createWords } from '../../src/widget/i18n/index.ts'
import { firstWeekWords } from '../../src/widget/logic/first-week-words.ts'
import {
  atRiskIn,
  axisWeeks,
  byAdvice,
  fieldsInUse,
  pipelineAdvice,
  readQuestion,
  spanOf,
  stepsOf,
  writeQuestion,
} from '../../src/widget/logic/rollout.ts'
import { rolloutOf } from './mock-rollout.ts'

const view = rolloutOf(true)

describe('the adoption curve', () => {
  const adoption = view.adoption!

  test('goes up in steps and stays level to the last week that can be judged', () => {
    expect(stepsOf({ week: 7, curve: adoption.curve.slice(0, 2) })).toEqual([
      { week: 0, share: 0 },
      { week: 1, share: 0 },
      { week: 1, share: 0.11 },
      { week: 3, share: 0.11 },
      { week: 3, share: 0.46 },
      { week: 6, share: 0.46 },
    ])
    expect(stepsOf({ week: 0, curve: [] })).toEqual([
      { week: 0, share: 0 },
      { week: 0, share: 0 },
    ])
    expect(axisWeeks({ week: 2, curve: [] })).toBe(6)
  })

  test('counts as on the way who has not got there and was seen long enough', () => {
    expect([0, 1, 2, 3, 4, 6].map(week => atRiskIn(adoption, week))).toEqual([9, 9, 7, 7, 4, 3])
  })
})

test('fields that nobody can judge yet are not counted, and those of one pipeline are no waste', () => {
  const { used, judged, wastedMinutes } = fieldsInUse(view.fields ?? [])
  expect([used, judged]).toEqual([8, 14])
  expect(wastedMinutes).toBeCloseTo(0.1 + 5.1 + 6.2 * 3, 9)
})

test('what can be cut stands first, of one class the dearest', () => {
  const order = [...(view.fields ?? [])].sort(byAdvice).map(field => field.class)
  expect(order.slice(0, 4)).toEqual(['never', 'abandoned', 'decorative', 'robot_only'])
  expect(order.at(-1)).toBe('early')
})

test('a length is told in the unit a person would use', () => {
  expect(spanOf(0.4)).toEqual({ unit: 'minutes', n: 24 })
  expect(spanOf(5)).toEqual({ unit: 'hours', n: 5 })
  expect(spanOf(72)).toEqual({ unit: 'days', n: 3 })
})

test('the open list survives a copied link, whatever is in the names', () => {
  const question = { list: 'entered', pipeline: 'P~1 %', id: 'C1:НОВАЯ' }
  expect(readQuestion(writeQuestion(question))).toEqual(question)
  expect(readQuestion(undefined)).toBeNull()
  expect(readQuestion('filled')).toBeNull()
})

test('the first week of something is told apart from never, not yet and unknown', async () => {
  const { t, te } = (await createWords('en')).global
  const tell = (what: 'tidying' | 'steady', week: number | null, judged: number, mayBeEarlier: boolean) =>
    firstWeekWords(
      what,
      {
        first: { week, judged, mayBeEarlier, asOf: null },
        weeks: 8,
        off: judged === 0 ? 'no_planerka' : null,
      },
      { t, te },
    )
  expect(tell('tidying', 2, 8, false)).toBe('in week 2')
  expect(tell('tidying', 2, 5, true)).toBe('in week 2 at the latest')
  expect(tell('tidying', null, 8, false)).toBe('none')
  expect(tell('steady', null, 8, false)).toBe('not yet')
  expect(tell('steady', null, 3, true)).toBe('unknown: tidying is seen in 3 of 8 weeks')
  expect(tell('steady', null, 0, true)).toMatch(/^unknown: .*planerka/)
  expect(tell('steady', null, 0, false)).toBe('not yet')
})

test('a pipeline has one word of advice, and none against what was put aside already', () => {
  const words = (view.pipelineUse ?? []).map(row => pipelineAdvice(row))
  expect(words).toEqual(['keep', 'keep', 'merge', 'park', 'hide', 'wait'])
  expect(pipelineAdvice({ class: 'asleep', isParked: true })).toBe('parked')
})
