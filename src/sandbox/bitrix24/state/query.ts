import { parseInstant } from '../rest/instants.ts'
import { type Params, phpInt } from '../rest/params.ts'
import { invalidField } from '../rest/rest-error.ts'
import type { Table } from './table.ts'

export type Scalar = string | number | null
export type FieldKind = 'id' | 'number' | 'text' | 'flag' | 'time' | 'day' | 'list'

/** How one column is compared and shown. */
export type Column<Row> = {
  kind: FieldKind
  /** Comparable value: numbers for ids, numbers and instants; text otherwise; arrays for lists. */
  of(row: Row): Scalar | readonly Scalar[]
  /** What a reply carries. */
  show(row: Row): unknown
  /** Columns that may not be filtered or sorted by. */
  isOpaque?: boolean
}

/** Name as a request writes it → column; undefined for names this entity does not have. */
export type Columns<Row> = (name: string) => Column<Row> | undefined

export type ListRules<Row> = {
  columns: Columns<Row>
  idName: string
  offsetMinutes: number
  /** Old methods overlook unknown names in a filter; crm.item refuses them. */
  onUnknown: 'refuse' | 'ignore'
  /** Rows that the token's user may see; null = all. */
  isVisible: ((row: Row) => boolean) | null
  /** Prefixes this method understands; others make the name unknown. */
  prefixes?: readonly string[]
}

type Test<Row> = (row: Row) => boolean
type Bounds = { after: number; upTo: number; ids: Set<number> | null }

const PREFIX = /^(!=%|!%=|!@|!%|!=|>=|<=|=%|%=|>|<|@|%|=|!)?(.*)$/s

const isEmpty = (value: Scalar | readonly Scalar[]): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)

const anyOf = <T>(value: Scalar | readonly Scalar[], test: (one: Scalar) => T): boolean =>
  Array.isArray(value) ? value.some(one => test(one)) : Boolean(test(value as Scalar))

/** A comparison value in the column's own terms; null = the text means nothing here. */
const operand = (kind: FieldKind, value: unknown, offsetMinutes: number): Scalar => {
  switch (kind) {
    case 'id':
      return phpInt(value)
    case 'number':
      return value === '' || value === null ? null : Number(value)
    case 'time':
    case 'day': {
      const at = parseInstant(value, offsetMinutes)
      if (Number.isNaN(at)) return null
      return kind === 'day' ? Math.floor((at + offsetMinutes * 60_000) / 86_400_000) * 86_400_000 : at
    }
    case 'flag':
      return value === true || value === 'Y' || value === '1' || value === 1 || value === 'true' ? 'Y' : 'N'
    default:
      return typeof value === 'boolean' ? (value ? '1' : '0') : String(value)
  }
}

const order = (a: Scalar, b: Scalar): number => {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : 1
}

const condition = <Row>(
  column: Column<Row>,
  prefix: string,
  raw: unknown,
  rules: ListRules<Row>,
): Test<Row> => {
  const { kind, of } = column
  const isNegated = prefix.startsWith('!')
  const list = typeof raw === 'object' && raw !== null ? Object.values(raw) : null
  if (prefix.includes('%')) {
    const needle = String(raw).replace(/^%|%$/g, '').toLowerCase()
    return row =>
      anyOf(of(row), one =>
        String(one ?? '')
          .toLowerCase()
          .includes(needle),
      ) !== isNegated
  }
  if (prefix === '>' || prefix === '<' || prefix === '>=' || prefix === '<=') {
    const bound = operand(kind, list ? list.length : raw, rules.offsetMinutes)
    // An unreadable date is no value: the condition falls away, as the portal lets it.
    if (bound === null || Number.isNaN(bound)) return () => true
    const holds =
      prefix === '>'
        ? (n: number) => n > 0
        : prefix === '<'
          ? (n: number) => n < 0
          : prefix === '>='
            ? (n: number) => n >= 0
            : (n: number) => n <= 0
    return row => anyOf(of(row), one => one !== null && holds(order(one, bound)))
  }
  if (list || prefix.endsWith('@')) {
    const wanted = new Set((list ?? [raw]).map(value => operand(kind, value, rules.offsetMinutes)))
    return row => anyOf(of(row), one => wanted.has(one)) !== isNegated
  }
  if (raw === '' || raw === null || (raw === false && kind !== 'flag'))
    return row => isEmpty(of(row)) !== isNegated
  const wanted = operand(kind, raw, rules.offsetMinutes)
  if (wanted === null && (kind === 'time' || kind === 'day')) return () => true
  return row => anyOf(of(row), one => one === wanted) !== isNegated
}

const narrow = (bounds: Bounds, prefix: string, raw: unknown): boolean => {
  const isList = typeof raw === 'object' && raw !== null
  // An array where a number is due counts as 1, as PHP casts it: the page starts from the beginning.
  const value = phpInt(raw)
  if (prefix === '>') bounds.after = Math.max(bounds.after, value)
  else if (prefix === '>=') bounds.after = Math.max(bounds.after, value - 1)
  else if (prefix === '<') bounds.upTo = Math.min(bounds.upTo, value - 1)
  else if (prefix === '<=') bounds.upTo = Math.min(bounds.upTo, value)
  else if (prefix === '@' || prefix === '=' || prefix === '') {
    const ids = new Set(isList ? Object.values(raw).map(phpInt) : [value])
    bounds.ids = bounds.ids ? new Set([...ids].filter(id => bounds.ids!.has(id))) : ids
  } else return false
  return true
}

/** Turns a filter into bounds on the id and a test for the rest. */
const compile = <Row>(filter: Params, rules: ListRules<Row>): { bounds: Bounds; tests: Test<Row>[] } => {
  const bounds: Bounds = { after: 0, upTo: Number.MAX_SAFE_INTEGER, ids: null }
  const tests: Test<Row>[] = []
  for (const [key, raw] of Object.entries(filter)) {
    if (key.toLowerCase() === 'logic') continue
    if (/^\d+$/.test(key)) {
      tests.push(group(raw, rules))
      continue
    }
    const [, prefix = '', name = ''] = PREFIX.exec(key) ?? []
    const column = rules.columns(name)
    if (!column || column.isOpaque || (rules.prefixes && !rules.prefixes.includes(prefix))) {
      if (rules.onUnknown === 'refuse') throw invalidField(name)
      continue
    }
    if (name === rules.idName && narrow(bounds, prefix, raw)) continue
    tests.push(condition(column, prefix, raw, rules))
  }
  return { bounds, tests }
}

/** A nested group: AND unless it says `logic: 'OR'`. */
const group = <Row>(raw: unknown, rules: ListRules<Row>): Test<Row> => {
  const filter = (typeof raw === 'object' && raw !== null ? raw : {}) as Params
  const isOr = String(filter['logic'] ?? filter['LOGIC'] ?? 'AND').toUpperCase() === 'OR'
  const tests: Test<Row>[] = []
  for (const [key, value] of Object.entries(filter)) {
    if (key.toLowerCase() === 'logic') continue
    if (/^\d+$/.test(key)) {
      tests.push(group(value, rules))
      continue
    }
    const [, prefix = '', name = ''] = PREFIX.exec(key) ?? []
    const column = rules.columns(name)
    if (column && !column.isOpaque) tests.push(condition(column, prefix, value, rules))
    else if (rules.onUnknown === 'refuse') throw invalidField(name)
  }
  return isOr ? row => tests.some(test => test(row)) : row => tests.every(test => test(row))
}

export type ListRequest = { filter: Params; order: Params; start: unknown }
export type Listed<Row> = { rows: Row[]; total?: number; next?: number }

export const PAGE = 50

/** Candidate rows by id bounds, ascending, without copying the table. */
const window = <Row extends { id: number }>(
  table: Table<Row>,
  bounds: Bounds,
): { from: number; to: number } => ({
  from: table.lowerBound(bounds.after + 1),
  to: bounds.upTo >= table.lastId ? table.rows.length : table.lowerBound(bounds.upTo + 1),
})

const isDescending = (direction: unknown): boolean => String(direction).toUpperCase().startsWith('DESC')

/**
 * One page of a list. `start=-1` counts nothing; otherwise `total` and, before the last page, `next` come
 * with it. An order by id walks the window and stops at a full page.
 */
export const listRows = <Row extends { id: number }>(
  table: Table<Row>,
  request: ListRequest,
  rules: ListRules<Row>,
): Listed<Row> => {
  const { bounds, tests } = compile(request.filter, rules)
  if (rules.isVisible) tests.push(rules.isVisible)
  const passes = (row: Row): boolean => tests.every(test => test(row))
  const sorting = Object.entries(request.order).map(([name, direction]) => {
    const column = rules.columns(name)
    if (!column || column.isOpaque) {
      if (rules.onUnknown === 'refuse') throw invalidField(name)
      return null
    }
    return { name, column, sign: isDescending(direction) ? -1 : 1 }
  })
  const first = sorting.find(Boolean)
  const isById = !first || first.name === rules.idName
  const isBackwards = isById && first?.sign === -1
  const start = phpInt(request.start)
  const counts = start >= 0
  const offset = counts ? Math.floor(start / PAGE) * PAGE : 0

  let source: Row[]
  let from: number
  let to: number
  if (bounds.ids) {
    source = []
    for (const id of [...bounds.ids].sort((a, b) => a - b)) {
      const row = id > bounds.after && id <= bounds.upTo ? table.find(id) : undefined
      if (row) source.push(row)
    }
    from = 0
    to = source.length
  } else {
    source = table.rows
    ;({ from, to } = window(table, bounds))
  }

  if (isById) {
    const rows: Row[] = []
    let matched = 0
    if (tests.length === 0) {
      matched = Math.max(0, to - from)
      for (let n = offset; n < Math.min(offset + PAGE, matched); n++)
        rows.push(source[isBackwards ? to - 1 - n : from + n]!)
    } else {
      for (let n = 0; n < to - from; n++) {
        const row = source[isBackwards ? to - 1 - n : from + n]!
        if (!passes(row)) continue
        if (matched >= offset && rows.length < PAGE) rows.push(row)
        matched++
        if (!counts && rows.length === PAGE) break
      }
    }
    return page(rows, matched, offset, counts)
  }

  const rows = source.slice(from, to).filter(passes)
  rows.sort((a, b) => {
    for (const rule of sorting) {
      if (!rule) continue
      const left = rule.column.of(a)
      const right = rule.column.of(b)
      const difference = order(
        Array.isArray(left) ? (left[0] ?? null) : (left as Scalar),
        Array.isArray(right) ? (right[0] ?? null) : (right as Scalar),
      )
      if (difference !== 0) return difference * rule.sign
    }
    return a.id - b.id
  })
  return page(rows.slice(offset, offset + PAGE), rows.length, offset, counts)
}

const page = <Row>(rows: Row[], total: number, offset: number, counts: boolean): Listed<Row> => {
  if (!counts) return { rows }
  return { rows, total, ...(offset + PAGE < total ? { next: offset + PAGE } : {}) }
}

/** Shows the chosen columns of rows; a disguise laid over a row by a test wins. */
export const showRows = <Row extends { id: number }>(
  table: Table<Row>,
  rows: Row[],
  columns: readonly (readonly [string, Column<Row>])[],
): Record<string, unknown>[] =>
  rows.map(row => {
    const shown: Record<string, unknown> = {}
    for (const [name, column] of columns) shown[name] = column.show(row)
    const disguise = table.disguises.get(row.id)
    return disguise ? { ...shown, ...disguise } : shown
  })
