import { describe, expect, test } from 'vitest'
import { DEAL } from '../../src/sandbox/bitrix24/state/dictionaries.ts'
import { EMPLOYEE, type Loose, stagePortal } from './portal.ts'

const portal = stagePortal(10)
const historyOf = async (id: number) =>
  (
    await portal.ask('crm.stagehistory.list', {
      entityTypeId: 2,
      filter: { OWNER_ID: id },
      order: { ID: 'ASC' },
    })
  ).body['result'].items as Loose[]
const move = (id: number, stageId: string, categoryId?: number) =>
  portal.ask('crm.item.update', {
    entityTypeId: 2,
    id,
    fields: { stageId, ...(categoryId === undefined ? {} : { categoryId }) },
  })

describe('the stage history', () => {
  test('gets a row for each move, none for a save that changes nothing, and no author', async () => {
    await move(1, 'WORK')
    await move(1, 'WORK')
    await move(1, 'WON')
    const rows = await historyOf(1)
    expect(rows.map(row => [row.TYPE_ID, row.STAGE_ID, row.STAGE_SEMANTIC_ID])).toEqual([
      [1, 'NEW', 'P'],
      [2, 'WORK', 'P'],
      [3, 'WON', 'S'],
    ])
    expect(Object.keys(rows[0]!).sort()).toEqual([
      'CATEGORY_ID',
      'CREATED_TIME',
      'ID',
      'OWNER_ID',
      'STAGE_ID',
      'STAGE_SEMANTIC_ID',
      'TYPE_ID',
    ])
  })

  test('keeps everything at a pipeline move on newer portals', async () => {
    await move(2, 'C3:NEW', 3)
    expect((await historyOf(2)).map(row => [row.TYPE_ID, row.CATEGORY_ID, row.STAGE_ID])).toEqual([
      [1, 0, 'NEW'],
      [5, 3, 'C3:NEW'],
    ])
  })

  test('is erased by a pipeline move, and loses the final row to a reopening, on older portals', async () => {
    portal.site.portal.temper.history = 'erase'
    await move(3, 'C3:NEW', 3)
    expect((await historyOf(3)).map(row => row.STAGE_ID)).toEqual(['C3:NEW'])
    await move(4, 'LOSE')
    await move(4, 'WORK')
    expect((await historyOf(4)).map(row => row.STAGE_ID)).toEqual(['NEW', 'WORK'])
    portal.site.portal.temper.history = 'append'
  })

  test('speaks in text on older portals', async () => {
    portal.site.portal.temper.historyAsText = true
    expect((await historyOf(5))[0]).toMatchObject({ ID: '5', OWNER_ID: '5', CATEGORY_ID: '0' })
    portal.site.portal.temper.historyAsText = false
  })

  test('goes with its deal, and names stages that are no longer there', async () => {
    portal.site.acts.deleteItem(DEAL, 6, EMPLOYEE)
    expect(await historyOf(6)).toEqual([])
    await move(7, 'WORK')
    portal.site.portal.dictionaries.removeStage('WORK')
    expect((await historyOf(7)).at(-1)).toMatchObject({ STAGE_ID: 'WORK' })
  })

  test('refuses a stage of another pipeline', async () => {
    expect((await move(8, 'C3:NEW')).body['error']).toBe('INVALID_ARG_VALUE')
  })

  test('remembers who moved the deal last, and closes planned work when the deal ends', async () => {
    const step = portal.site.acts.addActivity({ ownerId: 9, responsibleId: EMPLOYEE }, EMPLOYEE)
    portal.clock.advance(60_000)
    await portal.as(EMPLOYEE, 'crm.item.update', { entityTypeId: 2, id: 9, fields: { stageId: 'LOSE' } })
    const { item } = (await portal.ask('crm.item.get', { entityTypeId: 2, id: 9 })).body['result']
    expect(item).toMatchObject({ movedBy: EMPLOYEE, closed: 'Y', previousStageId: 'NEW' })
    expect(portal.site.portal.activities.find(step.id)?.status).toBe(3)
  })
})
