import { describe, expect, test } from 'vitest'
import {
  atRiskIn,
  axisWeeks,
  byAdvice,
  fieldsInUse,
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
