import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PackedRows, RowsByKey, withoutSeparators } from '../../src/store/facts/packed.ts'

const SEPARATOR = '\u001f'
const WIDTH = 3
const cell = fc.string({ unit: 'binary', maxLength: 6 }).map(withoutSeparators)
const rowsOfText = fc.array(
  fc.tuple(
    cell.filter(text => text !== ''),
    cell,
    cell,
  ),
)
const packedFrom = (rows: readonly (readonly string[])[]) =>
  new PackedRows(rows.flat().join(SEPARATOR), WIDTH)
const columns = [0, 1, 2]

describe('rows that came as one text', () => {
  test('are told again cell by cell, as often as asked, empty ones included', () => {
    fc.assert(
      fc.property(rowsOfText, given => {
        const rows = packedFrom(given)
        for (const read of [rows.text, rows.name, rows.text])
          expect(rows.map(row => columns.map(column => read.call(row, column)))).toEqual(given)
        expect(rows.map(row => columns.map(column => row.orNull(column)))).toEqual(
          given.map(row => row.map(text => text || null)),
        )
      }),
    )
  })

  test('name each by its own name where two names look alike to the table that keeps them', () => {
    // Both have one hash, and are told in turn.
    const alike = ['Aa', 'BB', 'Aa', 'BB', 'BB', 'Aa']
    const rows = packedFrom(alike.map(name => ['x', name, '']))
    expect(rows.map(row => row.nameOrNull(1))).toEqual(alike)
  })

  test('hold instants to the millisecond, numbers, truths and lists; what is not there is null', () => {
    const rows = packedFrom([
      ['1764032400.123', '-0.5', 'true'],
      ['1764032400', '', 'false'],
      ['-1.001', '12', 'a\u001eb'],
    ])
    expect(rows.map(row => row.instantOrNull(0))).toEqual([1_764_032_400_123, 1_764_032_400_000, -1001])
    expect(rows.map(row => row.number(1))).toEqual([-0.5, null, 12])
    expect(rows.map(row => row.instantOrNull(1))).toEqual([-500, null, 12_000])
    expect(rows.map(row => row.is(2))).toEqual([true, false, false])
    expect(rows.map(row => row.list(2))).toEqual([['true'], ['false'], ['a', 'b']])
    expect(new PackedRows('', WIDTH).map(row => row.text(0))).toEqual([])
  })

  test('hold every instant of a database to the nearest millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 4e15 }), fc.constantFrom(0, 3, 6), (micros, digits) => {
        const seconds = (micros / 1e6).toFixed(digits)
        const [told] = packedFrom([[seconds, '', '']]).map(row => row.instant(0))
        expect(Number.isInteger(told)).toBe(true)
        expect(Math.abs(told! - Number(seconds) * 1000)).toBeLessThan(0.501)
      }),
    )
  })

  test('are taken out key by key in the keys’ order; rows of keys that nobody asks for are passed over', () => {
    const keys = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        keys,
        fc.infiniteStream(fc.nat({ max: 3 })),
        fc.infiniteStream(fc.boolean()),
        (all, counts, asked) => {
          const rows = all.flatMap(key =>
            Array.from({ length: counts.next().value! }, (_, at) => [key, String(at), '']),
          )
          const wanted = all.filter(() => asked.next().value)
          const byKey = new RowsByKey(packedFrom(rows), new Set(wanted))
          for (const key of wanted)
            expect(byKey.take(key, row => (row.text(1) === '1' ? null : row.text(0) + row.text(1)))).toEqual(
              rows.filter(([own, at]) => own === key && at !== '1').map(([own, at]) => `${own}${at}`),
            )
        },
      ),
    )
  })
})
