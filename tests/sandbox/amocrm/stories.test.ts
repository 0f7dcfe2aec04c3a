import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { Account } from '../../../src/sandbox/amocrm/account/account.ts'
import type { LogCase } from '../../../src/sandbox/event-log.ts'
import { importLogLeads } from '../../../src/sandbox/import-log-leads.ts'
import { fillHalfYearLeads } from '../../../src/sandbox/scenarios/half-year-leads.ts'

const clock = { ...systemClock, now: () => new Date('2026-11-20T12:00:00Z') }
const accountOf = (fill: (account: Account) => void): Account => {
  const account = new Account({ name: 'story' }, clock)
  fill(account)
  return account
}

describe('the company’s half-year', () => {
  const account = accountOf(fillHalfYearLeads)
  const moves = account.events.all().filter(({ type }) => type === 'lead_status_changed')

  test('holds together: every move begins where the one before ended, and ends where the lead stands', () => {
    const standing = new Map<number, string>()
    for (const event of account.events.rows(account.now())) {
      if (event.type !== 'lead_status_changed') continue
      const before = JSON.stringify(event.before)
      expect(standing.get(event.entityId) ?? before).toBe(before)
      standing.set(event.entityId, JSON.stringify(event.after))
    }
    for (const [leadId, after] of standing) {
      const lead = account.leads.find(leadId)!
      expect(JSON.parse(after)).toEqual([
        { lead_status: { id: lead.statusId, pipeline_id: lead.pipelineId } },
      ])
    }
    expect(standing.size).toBeGreaterThan(500)
  })

  test('has moves by people, by robots and by another program', () => {
    const people = moves.filter(event => event.createdBy > 0 && event.clientUuid === null)
    expect(people.length).toBeGreaterThan(moves.length / 2)
    expect(moves.some(event => event.createdBy === 0)).toBe(true)
    expect(moves.some(event => event.clientUuid !== null)).toBe(true)
  })

  test('never tells of the future, and refers to what exists', () => {
    const users = new Set([0, ...account.users.rows.map(({ id }) => id)])
    for (const event of account.events.all()) {
      expect(event.createdAt).toBeLessThanOrEqual(account.now())
      expect(users.has(event.createdBy)).toBe(true)
    }
    for (const task of account.tasks.rows) expect(task.updatedAt).toBeGreaterThanOrEqual(task.createdAt)
    for (const lead of account.leads.rows) expect(account.statusOf(lead)).toBeDefined()
  })
})

test('a log becomes leads and status changes, repeats and equal instants included', () => {
  const at = Date.parse('2024-03-01T10:00:00Z')
  const event = (activity: string, minutes: number, resource: string, amount: number | null = null) => ({
    activity,
    at: at + minutes * 60_000,
    resource,
    amount,
  })
  const cases: LogCase[] = [
    {
      id: 'A',
      events: [
        event('Заявка', 0, 'Анна'),
        event('КП', 5, 'Борис'),
        event('КП', 5, 'Борис'),
        event('Оплата', 9, '', 5000),
      ],
    },
    { id: 'B', events: [event('Заявка', 1, 'Борис')] },
  ]
  let counts: unknown
  const account = accountOf(empty => {
    counts = importLogLeads(empty, cases, { won: ['Оплата'] })
  })
  expect(counts).toEqual({ deals: 2, moves: 5, stages: 3, users: 2 })
  expect(account.counts()).toMatchObject({ leads: 2, stageMoves: 5, openLeads: 1 })
  const told = account.events
    .rows(account.now())
    .filter(({ type }) => type === 'lead_status_changed')
    .map(
      ({ before, after, createdBy }) =>
        [before[0]!['lead_status'], after[0]!['lead_status'], createdBy] as const,
    )
  expect(told.map(([, after]) => (after as { id: number }).id)).toEqual([6_950_562, 6_950_562, 142])
  expect(told[1]![0]).toEqual(told[1]![1])
  expect(told[2]![2]).toBe(0)
})
