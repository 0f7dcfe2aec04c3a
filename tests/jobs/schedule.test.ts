import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY, HOUR, MINUTE } from '../../src/clock.ts'
import { type Due, dueAt, type ScheduledPortal } from '../../src/jobs/schedule.ts'

const TIMES = { nightlyAt: '02:00', digestAt: '08:30' }
const portal = (more: Partial<ScheduledPortal> = {}): ScheduledPortal => ({
  installationId: 'vendor-1',
  status: 'active',
  calendar: { timeZone: 'Europe/Moscow', workdays: [1, 2, 3, 4, 5] },
  installedAt: new Date('2026-01-01T00:00:00Z'),
  ...more,
})
const names = (due: readonly Due[]): string[] => due.map(({ job, slot }) => `${job} ${slot}`)
const slots = (from: string, hours: number, portals: ScheduledPortal[]): Map<string, Set<string>> => {
  const found = new Map<string, Set<string>>()
  for (let minute = 0; minute < hours * 60; minute += 1)
    for (const { job, slot, installationId } of dueAt(
      new Date(Date.parse(from) + minute * MINUTE),
      portals,
      TIMES,
    )) {
      const key = `${job} ${installationId ?? ''}`
      found.set(key, (found.get(key) ?? new Set()).add(slot))
    }
  return found
}

describe('the schedule', () => {
  test('reads what changed every ten minutes and runs once a night in the portal’s own time', () => {
    const found = slots('2026-10-06T18:00:00Z', 24, [portal()])
    expect(found.get('incremental vendor-1')?.size).toBeGreaterThanOrEqual(144)
    expect(found.get('incremental vendor-1')?.size).toBeLessThanOrEqual(145)
    expect([...(found.get('nightly vendor-1') ?? [])]).toEqual(['2026-10-07'])
    expect([...(found.get('digest vendor-1') ?? [])]).toEqual(['2026-10-07'])
  })

  test('follows the local clock: 02:00 in Vladivostok is not 02:00 in Moscow', () => {
    const east = portal({ calendar: { timeZone: 'Asia/Vladivostok', workdays: [1, 2, 3, 4, 5] } })
    // 16:20 UTC is 02:20 of the next day in Vladivostok and 19:20 in Moscow.
    const now = new Date('2026-10-06T16:20:00Z')
    expect(names(dueAt(now, [east], TIMES))).toContain('nightly 2026-10-07')
    expect(names(dueAt(now, [portal()], TIMES)).some(name => name.startsWith('nightly'))).toBe(false)
  })

  test('sends digests on working days only', () => {
    const sunday = slots('2026-10-10T21:00:00Z', 24, [portal()])
    expect(sunday.get('digest vendor-1')).toBeUndefined()
  })

  test('looks for deletions on Sundays', () => {
    expect([...(slots('2026-10-05T00:00:00Z', 7 * 24, [portal()]).get('reconcile vendor-1') ?? [])]).toEqual([
      '2026-10-11',
    ])
  })

  test('catches up after hours of standing still, but sends no digest in the afternoon', () => {
    // 07:00 in Moscow: the night was missed.
    expect(names(dueAt(new Date('2026-10-07T04:00:00Z'), [portal()], TIMES))).toContain('nightly 2026-10-07')
    const afternoon = names(dueAt(new Date('2026-10-07T12:00:00Z'), [portal()], TIMES))
    expect(afternoon.some(name => name.startsWith('digest') || name.startsWith('nightly'))).toBe(false)
  })

  test('does not catch up with what lies before the installation', () => {
    const fresh = portal({ installedAt: new Date('2026-10-07T05:40:00Z') })
    const due = names(dueAt(new Date('2026-10-07T05:45:00Z'), [fresh], TIMES))
    expect(due.some(name => name.startsWith('digest') || name.startsWith('nightly'))).toBe(false)
  })

  test('leaves portals alone that cannot be asked, and asks suspended ones once a day', () => {
    const now = new Date('2026-10-07T05:45:00Z')
    const jobsOf = (status: ScheduledPortal['status']) =>
      dueAt(now, [portal({ status })], TIMES).flatMap(({ job, installationId }) =>
        installationId ? [job] : [],
      )
    expect(jobsOf('uninstalled')).toEqual([])
    expect(jobsOf('reauth_required')).toEqual([])
    expect(jobsOf('suspended')).toEqual(['keep-alive', 'recheck'])
    const asked = slots('2026-10-05T00:00:00Z', 72, [portal({ status: 'suspended' })])
    expect(asked.get('recheck vendor-1')?.size).toBeLessThanOrEqual(4)
  })

  test('spreads portals over the minutes', () => {
    const many = Array.from({ length: 200 }, (_, index) => portal({ installationId: `vendor-${index}` }))
    const begins = Array.from({ length: 10 }, (_, minute) => {
      const at = Date.parse('2026-10-07T12:00:00Z') + minute * MINUTE
      const before = new Set(names(dueAt(new Date(at - MINUTE), many, TIMES)))
      return dueAt(new Date(at), many, TIMES).filter(
        ({ job, slot }) => job === 'incremental' && slot === new Date(at).toISOString() && !before.has(slot),
      ).length
    })
    expect(begins.reduce((sum, count) => sum + count, 0)).toBe(200)
    expect(Math.max(...begins)).toBeLessThan(60)
  })

  test('begins a night once where the clocks go back over it', () => {
    // In Auckland 2026-04-05 had two hours from 02:00 to 03:00, at 13:00 and 14:00 UTC.
    const one = portal({ calendar: { timeZone: 'Pacific/Auckland', workdays: [1, 2, 3, 4, 5] } })
    const due: number[] = []
    for (let at = Date.parse('2026-04-04T12:00:00Z'); at < Date.parse('2026-04-05T12:00:00Z'); at += MINUTE)
      if (names(dueAt(new Date(at), [one], TIMES)).includes('nightly 2026-04-05')) due.push(at)
    const [first = 0] = due
    expect(due).toEqual(Array.from({ length: 6 * 60 + 1 }, (_, minute) => first + minute * MINUTE))
  })

  test('gives a slot the same name for as long as it lasts, and each portal day one nightly slot, in any zone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC'),
        fc.date({
          min: new Date('2026-02-01T00:00:00Z'),
          max: new Date('2026-12-01T00:00:00Z'),
          noInvalidDate: true,
        }),
        fc.string({ minLength: 1, maxLength: 12 }),
        (timeZone, start, installationId) => {
          const one = portal({ installationId, calendar: { timeZone, workdays: [1, 2, 3, 4, 5, 6, 7] } })
          const seen = new Map<string, number>()
          for (let at = start.getTime(); at < start.getTime() + 2 * DAY; at += 20 * MINUTE)
            for (const { job, slot } of dueAt(new Date(at), [one], TIMES))
              if (job === 'nightly') seen.set(slot, (seen.get(slot) ?? 0) + 1)
          expect(seen.size).toBeGreaterThanOrEqual(2)
          expect(seen.size).toBeLessThanOrEqual(3)
          for (const times of seen.values()) expect(times).toBeLessThanOrEqual((6 * HOUR) / (20 * MINUTE) + 1)
        },
      ),
      { numRuns: 40 },
    )
  })
})
