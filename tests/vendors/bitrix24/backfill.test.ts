import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectTo, readAll } from './bench.ts'
import { type FakePortal, Refused, startFakePortal } from './fake-portal.ts'
import { activityRow, dealRow, historyRow, invoiceRow, taskRow } from './rows.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const ids = (records: readonly { id: string }[]): number[] =>
  records.map(({ id }) => Number(id)).toSorted((a, b) => a - b)

let portal: FakePortal
beforeEach(async () => {
  portal = await startFakePortal()
})
afterEach(() => portal.close())

describe('the first full read', () => {
  test('brings every row of a dense portal within the promised number of requests', async () => {
    portal.tables.deals = range(6000).map(id => dealRow(id))
    portal.tables.history = range(12_000).map(id => historyRow(id, ((id - 1) % 6000) + 1))
    portal.tables.activities = range(3000).map(id => activityRow(id))
    portal.tables.tasks = range(2600).map(id => taskRow(id))
    portal.tables.invoices = range(400).map(id => invoiceRow(id))
    const { connected, vendor } = connectTo(portal)
    await connected.info()
    await connected.directory()
    const counts: Record<string, number> = {}
    for (const { name } of vendor.feeds) {
      const { records, rejected } = await readAll(connected.backfill(name, null))
      expect(rejected).toEqual([])
      for (const [kind, rows] of Object.entries(records)) counts[kind] = (counts[kind] ?? 0) + rows.length
    }
    expect(counts).toMatchObject({
      deals: 6000,
      stageMoves: 12_000,
      activities: 3000,
      tasks: 2600,
      invoices: 400,
    })
    const rows = 6000 + 12_000 + 3000 + 2600 + 400
    expect(portal.requests.length).toBeLessThanOrEqual(Math.ceil(rows / 2500) * 1.15 + 30)
    expect(connected.requests()).toBe(portal.requests.length)
  })

  test('brings every row of a sparse portal with gaps, without a request for each empty stretch', async () => {
    const sparse = [
      ...range(700),
      ...range(900).map(n => 5_000_000 + n * 37),
      ...range(1200).map(n => 90_000_000 + n * (n % 11 === 0 ? 400 : 3)),
    ]
    portal.tables.deals = [...new Set(sparse)].map(id => dealRow(id))
    const { connected } = connectTo(portal)
    const { records } = await readAll(connected.backfill('deals', null))
    expect(ids(records.deals)).toEqual([...new Set(sparse)].toSorted((a, b) => a - b))
    expect(portal.requests.length).toBeLessThan(40)
  })

  test('goes on from any saved page without losing or repeating a row', async () => {
    portal.tables.deals = range(20_000).map(id => dealRow(id * 2))
    // How many batches share a page depends on which ends first; that there is a place to stop does not.
    const whole = await readAll(connectTo(portal).connected.backfill('deals', null))
    expect(whole.pages.length).toBeGreaterThan(1)
    for (const stop of whole.pages.keys()) {
      const before = whole.pages.slice(0, stop + 1).flatMap(page => page.records.deals)
      const rest = await readAll(
        connectTo(portal).connected.backfill('deals', whole.pages[stop]?.resume ?? null),
      )
      expect(ids([...before, ...rest.records.deals])).toEqual(range(20_000).map(id => id * 2))
      expect(rest.cursor).toBe(whole.cursor)
    }
  })

  test('survives failures, cut replies, resets and tokens that run out in the middle', async () => {
    portal.tables.deals = range(8000).map(id => dealRow(id))
    portal.tables.history = range(9000).map(id => historyRow(id, id))
    let seed = 7
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed / 2_147_483_648
    }
    portal.fault = ({ method }) => {
      if (method === 'oauth') return null
      const dice = random()
      if (dice < 0.08) return { status: 502, body: '<html>Bad Gateway</html>' }
      if (dice < 0.14) return { status: 500, body: JSON.stringify({ error: 'INTERNAL_SERVER_ERROR' }) }
      if (dice < 0.2) return { status: 503, body: JSON.stringify({ error: 'QUERY_LIMIT_EXCEEDED' }) }
      if (dice < 0.27) return 'truncate'
      return dice < 0.33 ? 'drop' : null
    }
    const { connected } = connectTo(portal, 3)
    const deals = await readAll(connected.backfill('deals', null))
    const moves = await readAll(connected.backfill('moves', null))
    expect(ids(deals.records.deals)).toEqual(range(8000))
    expect(ids(moves.records.stageMoves)).toEqual(range(9000))
    expect(portal.oauthRequests).toBeGreaterThan(2)
  })

  test('asks again for single commands that a batch refuses for a passing reason', async () => {
    portal.tables.deals = range(2500).map(id => dealRow(id))
    let calls = 0
    portal.before = method => {
      if (method !== 'crm.item.list') return
      calls += 1
      if (calls % 7 === 0) throw new Refused(500, 'INTERNAL_SERVER_ERROR')
      if (calls % 31 === 0) throw new Refused(429, 'OPERATION_TIME_LIMIT')
    }
    const { connected } = connectTo(portal)
    const { records } = await readAll(connected.backfill('deals', null))
    expect(ids(records.deals)).toEqual(range(2500))
  })

  test('keeps one broken record out of the way of the others and says why without its values', async () => {
    portal.tables.deals = [
      ...range(120).map(id => dealRow(id)),
      dealRow(121, { stageId: null, title: 'secret title' }),
      dealRow(122, { createdTime: null, movedTime: 'nonsense', updatedTime: '' }),
    ]
    const { records, rejected } = await readAll(connectTo(portal).connected.backfill('deals', null))
    expect(records.deals).toHaveLength(120)
    expect(rejected).toEqual([
      { kind: 'deal', id: '121', reason: 'stageId: is empty' },
      { kind: 'deal', id: '122', reason: 'createdTime: is missing' },
    ])
    expect(JSON.stringify(rejected)).not.toContain('secret title')
  })

  test('of a portal without invoices or tasks is empty and ends', async () => {
    portal.tables.deals = [dealRow(1)]
    portal.methods['tasks.task.list'] = () => {
      throw new Refused(403, 'insufficient_scope')
    }
    const { connected } = connectTo(portal)
    const tasks = await readAll(connected.backfill('tasks', null))
    expect(tasks.records.tasks).toEqual([])
    const later = await readAll(connected.changes('tasks', tasks.cursor))
    expect(later.records.tasks).toEqual([])
  })

  test('takes smaller batches from a slow portal', async () => {
    portal.secondsPerCommand = 2
    portal.tables.deals = range(20_000).map(id => dealRow(id))
    const { connected } = connectTo(portal)
    await readAll(connected.backfill('deals', null))
    const bodies = portal.bodies.filter(body => body.includes('%3C%3Did'))
    const sizes = bodies.map(body => Object.keys((JSON.parse(body) as { cmd: object }).cmd).length)
    expect(Math.max(...sizes.slice(-10))).toBeLessThanOrEqual(10)
  })

  test('lets a method rest when little of its time budget is left', async () => {
    portal.operating.set('crm.item.list', 410)
    portal.tables.deals = range(6000).map(id => dealRow(id))
    const { connected, limits, clock } = connectTo(portal)
    const { records } = await readAll(connected.backfill('deals', null))
    expect(records.deals).toHaveLength(6000)
    expect([...limits.parked.keys()]).toContain('method:crm.item.list')
    expect(Math.max(...clock.waits)).toBeGreaterThanOrEqual(59_000)
  })

  test('knows a deal that was created on a final stage from one that was moved there', async () => {
    portal.tables.history = [
      historyRow(1, 10, { TYPE_ID: 1 }),
      historyRow(2, 11, { TYPE_ID: 3, STAGE_ID: 'WON', STAGE_SEMANTIC_ID: 'S' }),
      historyRow(3, 10, { TYPE_ID: 3, STAGE_ID: 'LOSE', STAGE_SEMANTIC_ID: 'F' }),
      historyRow(4, 11, { TYPE_ID: 5, CATEGORY_ID: 3, STAGE_ID: 'C3:NEW' }),
    ]
    const { connected } = connectTo(portal)
    const { records, cursor } = await readAll(connected.backfill('moves', null))
    const kinds = records.stageMoves.map(({ id, kind, outcome }) => `${id} ${kind} ${outcome}`)
    expect(kinds).toEqual(['1 created open', '2 created won', '3 moved lost', '4 pipeline_changed open'])
    // Rows read again with the overlap say the same, and new ones are told apart too.
    portal.tables.history.push(
      historyRow(5, 12, { TYPE_ID: 3, STAGE_ID: 'WON', STAGE_SEMANTIC_ID: 'S' }),
      historyRow(6, 11, { TYPE_ID: 3, STAGE_ID: 'C3:WON', STAGE_SEMANTIC_ID: 'S' }),
    )
    const later = await readAll(connected.changes('moves', cursor))
    expect(later.records.stageMoves.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
      '1 created',
      '2 created',
      '3 moved',
      '4 pipeline_changed',
      '5 created',
      '6 moved',
    ])
  })
})
