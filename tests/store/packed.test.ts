import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PackedRows, withoutSeparators } from '../../src/store/facts/packed.ts'

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
})
