import { describe, expect, test } from 'vitest'
import { helpNames, standingOf } from '../../src/widget/logic/verdict.ts'
import { overview } from './mock-team.ts'

const team = (values: (number | null)[], more: { delta?: number | null; isAmnesty?: boolean } = {}) => {
  const value = values.at(-1) ?? null
  return {
    isAmnesty: more.isAmnesty ?? false,
    score: { ...overview.score, value },
    delta: more.delta ?? null,
    weeks: values.map((week, index) => ({ ...overview.weeks[index]!, value: week })),
  }
}

describe('the verdict', () => {
  test('says that 70 is reached for the first time', () => {
    expect(standingOf(team([36, 50, 65, 69, 70]))).toEqual({ kind: 'crossed' })
  })

  test('says that 70 is reached again after a fall', () => {
    expect(standingOf(team([71, 72, 66, 68, 71]))).toEqual({ kind: 'again' })
  })

  test('counts the weeks that 70 is held', () => {
    expect(standingOf(team([60, 69, 70, 71, 74]))).toEqual({ kind: 'held', weeks: 3 })
    expect(standingOf(team([null, 72, 74]))).toEqual({ kind: 'held', weeks: 2 })
  })

  test('counts the weeks of a fall, from two on', () => {
    expect(standingOf(team([60, 66, 64, 61]))).toEqual({ kind: 'slipped', weeks: 2 })
    expect(standingOf(team([60, 66, 64])).kind).toBe('steady')
  })

  test('speaks of growth only from five points on', () => {
    expect(standingOf(team([50, 55, 56], { delta: 6 }))).toEqual({ kind: 'rising', points: 6 })
    expect(standingOf(team([50, 55, 56], { delta: 4 }))).toEqual({ kind: 'steady', value: 56, gap: 14 })
  })

  test('rounds as the screen does, so 69.6 is 70', () => {
    expect(standingOf(team([60, 69.6]))).toEqual({ kind: 'crossed' })
  })

  test('keeps silent about the score during the amnesty and without data', () => {
    expect(standingOf(team([70], { isAmnesty: true }))).toEqual({ kind: 'amnesty' })
    expect(standingOf(team([70, null]))).toEqual({ kind: 'unknown' })
  })

  test('names at most two people who need help, and only those who are there', () => {
    expect(
      helpNames({ needHelp: ['13', 'gone', '11', '12'], people: overview.people }).map(({ id }) => id),
    ).toEqual(['13', '11'])
  })
})
