import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectTo, readAll } from './bench.ts'
import { type FakePortal, startFakePortal } from './fake-portal.ts'
import { activityRow, dealRow, historyRow, taskRow } from './rows.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const ids = (records: readonly { id: string }[]): number[] =>
  records.map(({ id }) => Number(id)).toSorted((a, b) => a - b)

let portal: FakePortal
beforeEach(async () => {
  portal = await startFakePortal()
})
afterEach(() => portal.close())

describe('what changed since', () => {
  test('begins where the full read began, so that nothing that happened meanwhile is lost', async () => {
    portal.tables.deals = range(300).map(id => dealRow(id, { updatedTime: '2026-08-01T00:00:00+03:00' }))
    const { connected } = connectTo(portal)
    const pages = connected.backfill('deals', null)
    const first = await pages.next()
    expect(first.done).toBe(false)
    // While the read is under way: one deal changes, one appears.
    portal.tables.deals[0] = dealRow(1, { title: 'Changed', updatedTime: '2026-08-14T10:27:00+03:00' })
    portal.tables.deals.push(dealRow(301, { updatedTime: '2026-08-14T10:27:10+03:00' }))
    const { cursor } = await readAll(pages)
    const { records } = await readAll(connected.changes('deals', cursor))
    expect(records.deals.map(({ id, title }) => `${id} ${title}`)).toEqual(['1 Changed', '301 Deal 301'])
  })

  test('reads back over the last two minutes of the portal’s clock, not of ours', async () => {
    portal.tables.deals = [
      dealRow(1, { updatedTime: '2026-08-14T10:24:31+03:00' }),
      dealRow(2, { updatedTime: '2026-08-14T10:24:33+03:00' }),
    ]
    const { connected, clock } = connectTo(portal)
    clock.at = Date.parse('2030-01-01T00:00:00Z')
    const { cursor } = await readAll(connected.backfill('deals', null))
    const { records } = await readAll(connected.changes('deals', cursor))
    expect(ids(records.deals)).toEqual([2])
  })

  test('reads thousands of changed rows in few requests and stops at the first short page', async () => {
    portal.tables.activities = range(2600).map(id =>
      activityRow(id, { LAST_UPDATED: '2026-08-14T10:26:00+03:00' }),
    )
    const { connected } = connectTo(portal)
    const cursor = JSON.stringify({ v: 1, since: '2026-08-14T10:00:00+03:00' })
    const { records } = await readAll(connected.changes('activities', cursor))
    expect(ids(records.activities)).toEqual(range(2600))
    expect(portal.requests.length).toBeLessThan(10)
  })

  test('goes on in the middle of a pass', async () => {
    portal.tables.tasks = range(400).map(id => taskRow(id, { changedDate: '2026-08-14T10:26:00+03:00' }))
    const { connected } = connectTo(portal)
    const cursor = JSON.stringify({ v: 1, since: '2026-08-14T10:00:00+03:00' })
    const whole = await readAll(connected.changes('tasks', cursor))
    const [first] = whole.pages
    const rest = await readAll(connected.changes('tasks', first?.resume ?? ''))
    expect(ids([...(first?.records.tasks ?? []), ...rest.records.tasks])).toEqual(range(400))
    expect(rest.cursor).toBe(whole.cursor)
  })

  test('follows the stage history by id and looks again at the latest rows', async () => {
    portal.tables.history = range(500).map(id => historyRow(id, id))
    const { connected } = connectTo(portal)
    const { cursor } = await readAll(connected.backfill('moves', null))
    // A row with a smaller id is committed late.
    portal.tables.history = [...portal.tables.history.filter(row => row['ID'] !== 450), historyRow(501, 1)]
    const late = historyRow(450, 7)
    portal.tables.history.push(late)
    const { records } = await readAll(connected.changes('moves', cursor))
    expect(ids(records.stageMoves)).toEqual(range(501).slice(300))
  })

  test('a record read again by id brings its whole stage history', async () => {
    portal.tables.deals = [dealRow(5), dealRow(6)]
    portal.tables.history = [
      ...range(120).map(id => historyRow(id, 5, { TYPE_ID: id === 1 ? 1 : 2 })),
      historyRow(121, 6, { TYPE_ID: 3, STAGE_ID: 'WON', STAGE_SEMANTIC_ID: 'S' }),
      historyRow(122, 8),
    ]
    const { connected } = connectTo(portal)
    const { records, missing } = await connected.fetch('deal', ['5', '6', '7'])
    expect(ids(records.deals)).toEqual([5, 6])
    expect(missing).toEqual(['7'])
    expect(ids(records.stageMoves)).toEqual(range(121))
    expect(records.stageMoves.find(({ id }) => id === '121')?.kind).toBe('created')
  })

  test('does not take a filter that a portal ignores for a deletion', async () => {
    portal.tables.activities = range(30).map(id => activityRow(id))
    const { connected } = connectTo(portal)
    portal.before = (_method, params) => {
      const filter = params['filter'] as Record<string, unknown> | undefined
      if (filter) delete filter['@ID']
    }
    const { records, missing } = await connected.fetch('activity', ['28', '29', '31'])
    expect(ids(records.activities)).toEqual([28, 29])
    expect(missing).toEqual(['31'])
  })
})

describe('what vanished', () => {
  const known = (held: number[]) => {
    const within = (from: number, to: number) => held.filter(id => id >= from && id < to)
    return {
      count: async (from: number, to: number) => within(from, to).length,
      ids: async (from: number, to: number) => within(from, to).map(String),
      max: async () => Math.max(0, ...held),
    }
  }

  test('is found among few records by reading their ids', async () => {
    portal.tables.deals = range(3000)
      .filter(id => id % 1000 !== 0)
      .map(id => dealRow(id))
    const { connected } = connectTo(portal)
    expect(await connected.missing('deal', known(range(3000)))).toEqual(['1000', '2000', '3000'])
  })

  test('is found among many by counting blocks', async () => {
    const gone = new Set([17, 20_500, 59_999])
    portal.tables.activities = range(60_000)
      .filter(id => !gone.has(id))
      .map(id => activityRow(id))
    const { connected } = connectTo(portal)
    expect(await connected.missing('activity', known(range(60_000)))).toEqual(['17', '20500', '59999'])
    expect(portal.requests.length).toBeLessThan(12)
  })

  test('is not believed when the token has lost its rights', async () => {
    const { connected, connection } = connectTo(portal)
    const holder = portal.tokens.get(await connection.getToken())
    if (holder) holder.isAdmin = false
    await expect(connected.missing('deal', known(range(10)))).rejects.toMatchObject({
      kind: 'rejected',
      code: 'RIGHTS_LOST',
    })
  })

  test('never concerns single rows of the stage history', async () => {
    const { connected } = connectTo(portal)
    expect(await connected.missing('stageMove', known(range(10)))).toEqual([])
    expect(portal.requests).toEqual([])
  })
})
