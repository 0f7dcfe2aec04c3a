import { describe, expect, test } from 'vitest'
import { keptIn, nothingChosen, toggled, withRange } from '../../src/widget/logic/selection.ts'

const order = ['a', 'b', 'c', 'd', 'e']
const ids = (selection: { ids: ReadonlySet<string> }): string[] => [...selection.ids].sort()

describe('choosing rows', () => {
  test('a row is chosen and let go', () => {
    const one = toggled(nothingChosen, 'b')
    expect(ids(one)).toEqual(['b'])
    expect(ids(toggled(one, 'b'))).toEqual([])
    expect(ids(nothingChosen)).toEqual([])
  })

  test('a range runs from the row chosen last, either way, and keeps what was chosen before', () => {
    const one = toggled(toggled(nothingChosen, 'e'), 'b')
    expect(ids(withRange(one, order, 'd'))).toEqual(['b', 'c', 'd', 'e'])
    expect(ids(withRange(toggled(nothingChosen, 'c'), order, 'a'))).toEqual(['a', 'b', 'c'])
  })

  test('without a first row a range is that row alone', () => {
    expect(ids(withRange(nothingChosen, order, 'c'))).toEqual(['c'])
    expect(ids(withRange({ ids: new Set(['x']), last: 'x' }, order, 'c'))).toEqual(['c', 'x'])
  })

  test('rows that have left the list are not acted upon', () => {
    const kept = keptIn(toggled(toggled(nothingChosen, 'a'), 'b'), ['b', 'c'])
    expect([ids(kept), kept.last]).toEqual([['b'], 'b'])
    expect(keptIn(kept, ['c']).last).toBeNull()
  })
})
