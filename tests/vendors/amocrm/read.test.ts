import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readContext } from '../../../src/vendors/amocrm/directory.ts'
import { createReader, mapEvents } from '../../../src/vendors/amocrm/read.ts'
import type { Page } from '../../../src/vendors/vendor.ts'
import { fakeAccount, type Quirks } from './fake-account.ts'

const statusEvent = (id: number, lead: number, at: number) => ({
  id: `ev${String(id).padStart(8, '0')}`,
  type: 'lead_status_changed',
  entity_id: lead,
  entity_type: 'lead',
  created_by: 5,
  created_at: at,
  value_before: [{ lead_status: { id: 10, pipeline_id: 1 } }],
  value_after: [{ lead_status: { id: 11, pipeline_id: 1 } }],
})
const lead = (id: number, at: number) => ({
  id,
  name: `Lead ${id}`,
  price: 100,
  responsible_user_id: 5,
  status_id: 11,
  pipeline_id: 1,
  created_by: 5,
  updated_by: 5,
  created_at: at,
  updated_at: at,
  custom_fields_values: null,
})

const readAll = async (
  account: ReturnType<typeof fakeAccount>,
  feed: string,
  stopAfter = Number.POSITIVE_INFINITY,
  resume: string | null = null,
) => {
  const reader = createReader(account.client, () => readContext(account.client, 100))
  const pages: Page[] = []
  const stream = reader.backfill(feed, resume)
  for (let step = await stream.next(); !step.done && pages.length < stopAfter; step = await stream.next())
    pages.push(step.value)
  return pages
}
const movedIds = (pages: Page[]) =>
  new Set(
    pages.flatMap(page =>
      page.records.stageMoves.filter(move => move.kind !== 'created').map(move => move.id),
    ),
  )

describe('the events of an account', () => {
  test('are read whole, whatever the order, page size, repeats and bunching of their dates', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5000 }),
        fc.constantFrom('rising', 'falling', 'shuffled' as const),
        fc.constantFrom(undefined, 40),
        fc.boolean(),
        fc.constantFrom(1, 60, 86_400, 2_000_000),
        async (count, order, pageSize, repeats, spread) => {
          const events = Array.from({ length: count }, (_, index) =>
            statusEvent(
              index,
              index % 500,
              1_500_000_000 + Math.floor(((index * 7919) % (count || 1)) * (spread / 1000)),
            ),
          )
          const quirks: Quirks = {
            order: order as Quirks['order'],
            repeats,
            ...(pageSize ? { pageSize } : {}),
          }
          const pages = await readAll(fakeAccount({ events }, quirks), 'events')
          expect(movedIds(pages).size).toBe(count)
        },
      ),
      { numRuns: 15 },
    )
  })

  test.each(['rising', 'falling', 'shuffled'] as const)(
    'cost little more than their pages when they come %s',
    async order => {
      const count = 30_000
      const events = Array.from({ length: count }, (_, index) =>
        statusEvent(index, index % 5000, 1_690_000_000 + index * 2000),
      )
      const account = fakeAccount({ events }, { order })
      expect(movedIds(await readAll(account, 'events')).size).toBe(count)
      expect(account.requests()).toBeLessThanOrEqual(1.15 * Math.ceil(count / 100) + 30)
      expect(account.deepest()).toBeLessThanOrEqual(80)
    },
  )

  test('are read whole when rows of one second change places between pages, for one request more each time', async () => {
    // Pairs that stand across the pages' edges.
    const events = Array.from({ length: 2001 }, (_, index) =>
      statusEvent(index, index, 1_600_000_000 + Math.floor((index + 1) / 2) * 60),
    )
    const account = fakeAccount({ events }, { order: 'falling', tiesMove: true })
    expect(movedIds(await readAll(account, 'events')).size).toBe(2001)
    expect(account.requests()).toBeLessThanOrEqual(2 + 22 + 20)
  })

  test('are read whole when more rows than a page share a second and change places', async () => {
    const events = Array.from({ length: 260 }, (_, index) => statusEvent(index, index, 1_600_000_000))
    const account = fakeAccount({ events }, { order: 'falling', tiesMove: true })
    expect(movedIds(await readAll(account, 'events')).size).toBe(260)
  })

  test('of one second follow one another by their stages when their ids do not', async () => {
    const event = (id: string, from: number, to: number) => ({
      ...statusEvent(1, 7, 1_600_000_000),
      id,
      value_before: [{ lead_status: { id: from, pipeline_id: 1 } }],
      value_after: [{ lead_status: { id: to, pipeline_id: 1 } }],
    })
    const events = [event('ev3', 10, 11), event('ev1', 11, 12), event('ev2', 12, 12)]
    const [page] = await readAll(fakeAccount({ events }, { order: 'rising' }), 'events')
    const moves = page?.records.stageMoves.toSorted((a, b) => (a.orderKey < b.orderKey ? -1 : 1)) ?? []
    expect(moves.filter(({ kind }) => kind === 'created')[0]?.stageId).toBe('10')
    expect(moves.filter(({ kind }) => kind !== 'created').map(({ id }) => id)).toEqual(['ev3', 'ev1', 'ev2'])
  })

  test('of calls leave them to their notes, which know how long they lasted', () => {
    const call = (id: string, entity_type: string, note: object[]) => ({
      ...statusEvent(1, 7, 1_600_000_000),
      id,
      type: 'outgoing_call',
      entity_type,
      value_before: [],
      value_after: note,
    })
    const noted = [{ note: { id: 5 } }]
    const { records, rejected } = mapEvents([
      ...['lead', 'contact', 'company'].map(entity => call(`a-${entity}`, entity, noted)),
      call('b', 'customer', noted),
      call('c', 'lead', []),
    ])
    expect(records.activities.map(({ id }) => id)).toEqual(['b', 'c'])
    expect(rejected).toEqual([])
  })

  test('tell which tasks are gone, and take no other record for a task', () => {
    const deleted = (id: string, entity_type: string, entity_id: number) => ({
      ...statusEvent(1, entity_id, 1_600_000_000),
      id,
      type: 'task_deleted',
      entity_type,
      value_before: [],
      value_after: [],
    })
    expect(mapEvents([deleted('a', 'task', 7), deleted('b', 'lead', 8)])).toMatchObject({
      rejected: [],
      gone: [{ kind: 'task', ids: ['7'] }],
    })
  })

  test('are all there after the reader was stopped anywhere and went on from the last saved page', async () => {
    const events = Array.from({ length: 12_000 }, (_, index) =>
      statusEvent(index, index % 500, 1_600_000_000 + index * 977),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 110 }),
        fc.constantFrom('rising', 'falling', 'shuffled' as const),
        async (stop, order) => {
          const first = await readAll(fakeAccount({ events }, { order }), 'events', stop)
          const rest = await readAll(
            fakeAccount({ events }, { order }),
            'events',
            undefined,
            first.at(-1)?.resume ?? null,
          )
          expect(movedIds([...first, ...rest]).size).toBe(12_000)
        },
      ),
      { numRuns: 8 },
    )
  })
})

describe('the deals of an account', () => {
  test('are read in at most a sixth more requests than full pages need', async () => {
    const leads = Array.from({ length: 30_000 }, (_, index) => lead(index + 1, 1_600_000_000 + index * 3000))
    const account = fakeAccount({ leads }, { order: 'rising' })
    const pages = await readAll(account, 'leads')
    expect(new Set(pages.flatMap(page => page.records.deals.map(deal => deal.id))).size).toBe(30_000)
    // The fake shows the recycle bin as the same list: two passes.
    expect(account.requests()).toBeLessThanOrEqual(2 * 1.15 * (30_000 / 250) + 30)
  })

  test.each([
    ['numbers as text', { id: '1', status_id: '11', created_at: '1700000000', price: '100' }],
    ['an empty list as an object', { custom_fields_values: {} }],
    ['a list as a map', { custom_fields_values: { 0: { field_id: 5, values: { 0: { value: 'x' } } } } }],
    ['a field value nobody can read', { custom_fields_values: [7, { field_id: null, values: 'x' }] }],
    ['flags as digits and a name that is none', { is_deleted: 0, name: null, price_with_minor_units: '1.5' }],
    ['words where numbers belong', { price: [], closed_at: false, loss_reason_id: null }],
  ])('are kept when the CRM writes %s', async (_, odd) => {
    const account = fakeAccount(
      { leads: [{ ...lead(1, 1_700_000_000), ...odd } as never] },
      { order: 'rising' },
    )
    const pages = await readAll(account, 'leads')
    expect(pages.flatMap(page => page.rejected)).toEqual([])
    expect(pages[0]?.records.deals.map(({ id, stageId }) => [id, stageId])).toEqual([['1', '11']])
  })

  test('begin where the first move says they stood, and where they stand when nothing moved them', async () => {
    const account = fakeAccount(
      { leads: [lead(1, 1_700_000_000)], events: [statusEvent(1, 1, 1_700_000_500)] },
      { order: 'rising' },
    )
    const [deals] = await readAll(account, 'leads')
    const [moves] = await readAll(account, 'events')
    const guess = deals?.records.stageMoves[0]
    const told = moves?.records.stageMoves.find(move => move.kind === 'created')
    expect(guess).toMatchObject({ id: 'created-1', stageId: '11', at: new Date(1_700_000_000_000) })
    expect(told).toMatchObject({ id: 'created-1', stageId: '10' })
    expect(told?.evidenceAt?.getTime()).toBeLessThan(guess?.evidenceAt?.getTime() ?? 0)
  })
})
