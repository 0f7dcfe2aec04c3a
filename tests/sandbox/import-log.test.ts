import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Portal } from '../../src/sandbox/bitrix24/state/portal.ts'
import { parseEventLog, readEventLog } from '../../src/sandbox/event-log.ts'
import { importLog } from '../../src/sandbox/import-log.ts'

const LOG = `case_id,seq,activity,lifecycle,timestamp,resource,amount
b,0,Ask,,2011-10-11T11:45:40.276Z,Sue,
a,0,Ask,,2011-10-10T09:00:00Z,Pete,100
a,2,Check,,2011-10-10T10:00:00Z,Mike,
a,1,Check,,2011-10-10T10:00:00Z,Pete,250.5
a,3,Pay,,2011-10-12T10:00:00Z,Ann,
b,1,Refuse,,2011-10-11T11:45:40.276Z,Sue,`

const portalOf = (text: string, options = {}) => {
  const portal = new Portal({ name: 'log', offsetMinutes: 0 }, systemClock)
  return { portal, counts: importLog(portal, parseEventLog(text), options) }
}

describe('an imported event log', () => {
  const { portal, counts } = portalOf(LOG, { won: ['pay'], lost: ['Refuse'] })

  test('makes a deal of each case, a stage of each activity, an employee of each resource', () => {
    expect(counts).toEqual({ deals: 2, moves: 6, stages: 4, users: 4 })
    expect(
      portal.deals.rows.map(deal => [deal.title, deal.stageId, deal.semantic, deal.opportunity]),
    ).toEqual([
      ['a', 'UC_PAY', 'S', 250.5],
      ['b', 'UC_REFUSE', 'F', 0],
    ])
  })

  test('keeps immediate repeats and equal instants as rows, in the order of the case', () => {
    expect(portal.dealHistory.rows.map(row => [row.id, row.ownerId, row.stageId, row.typeId])).toEqual([
      [1, 1, 'UC_ASK', 1],
      [2, 1, 'UC_CHECK', 2],
      [3, 1, 'UC_CHECK', 2],
      [4, 2, 'UC_ASK', 1],
      [5, 2, 'UC_REFUSE', 3],
      [6, 1, 'UC_PAY', 3],
    ])
  })

  test('keeps milliseconds', () => {
    expect(portal.dealHistory.find(4)?.createdTime).toBe(Date.parse('2011-10-11T11:45:40.276Z'))
  })

  test('gives the pipeline both ends even when the log has none', () => {
    const { portal: open } = portalOf('case,activity,timestamp\n1,Работа,2020-01-01 10:00:00')
    expect(open.dictionaries.stages(2, 0).map(stage => [stage.name, stage.semantic])).toEqual([
      ['Работа', null],
      ['Сделка успешна', 'S'],
      ['Сделка провалена', 'F'],
    ])
    expect(open.deals.rows[0]?.createdTime).toBe(Date.parse('2020-01-01T10:00:00Z'))
  })

  test('is read from a packed file as well', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'log-')), 'log.csv.gz')
    writeFileSync(path, gzipSync(LOG))
    expect(readEventLog(path)).toEqual(parseEventLog(LOG))
  })

  test('names the column or the line that is wrong', () => {
    expect(() => parseEventLog('id,what\n1,x')).toThrow('case_id, activity and timestamp')
    expect(() => parseEventLog('case,activity,timestamp\n1,x,yesterday')).toThrow('Line 2')
  })
})
