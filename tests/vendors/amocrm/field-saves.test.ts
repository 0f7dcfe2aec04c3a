import { describe, expect, test } from 'vitest'
import type { Query } from '../../../src/vendors/amocrm/client.ts'
import { createReader, mapEvents, wantedEvents } from '../../../src/vendors/amocrm/read.ts'

const event = (more: object) => ({
  id: '01h',
  type: 'custom_field_value_changed',
  entity_id: 31234567,
  entity_type: 'lead',
  created_by: 504141,
  created_at: 1750000000,
  value_after: [{ custom_field_value: { field_id: 7, field_type: 1, enum_id: null, text: 'Secret' } }],
  value_before: [],
  account_id: 1,
  ...more,
})
const savesOf = (...events: object[]) => mapEvents(events).records.factChanges

describe('an event of a saved field', () => {
  test('says who saved the lead and when, and nothing of the value', () => {
    for (const type of ['custom_field_value_changed', 'custom_field_7_value_changed', 'sale_field_changed'])
      expect(savesOf(event({ type }))).toEqual([
        {
          dealId: '31234567',
          at: new Date(1750000000_000),
          fact: 'fields',
          before: null,
          after: null,
          actorId: '504141',
          actorClass: 'person',
        },
      ])
  })

  test('of a robot, an integration or another record is nobody’s save of a deal', () => {
    expect(
      savesOf(
        event({ id: '1', created_by: 0 }),
        event({ id: '2', oauth_client_uuid: 'b1f7a0c2-0000-4000-8000-000000000000' }),
        event({ id: '3', entity_type: 'contact' }),
        event({ id: '4', type: 'name_field_changed' }),
      ),
    ).toEqual([])
  })

  test('is read as it happens, not of the past', async () => {
    const asked: string[] = []
    const reader = createReader(
      {
        get: async (_path, query = {}) => {
          asked.push(String((query['filter'] as Query | undefined)?.['type']))
          return null
        },
        send: async () => null,
        now: () => new Date('2026-11-24T12:00:00Z'),
        requests: () => asked.length,
      },
      async () => ({
        currency: 'RUB',
        eventTypes: wantedEvents,
        eventsPerPage: 100,
        invoicesCatalog: null,
        since: Date.parse('2026-11-24T11:00:00Z'),
      }),
    )
    const saved = /sale_field_changed.*custom_field_value_changed/
    let last = { cursor: '' }
    const past = reader.backfill('events', null)
    for (let step = await past.next(); ; step = await past.next())
      if (step.done) {
        last = step.value
        break
      }
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.filter(types => saved.test(types))).toEqual([])
    asked.length = 0
    for await (const _ of reader.changes('events', last.cursor));
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.every(types => saved.test(types))).toBe(true)
  })
})
