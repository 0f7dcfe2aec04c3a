import { describe, expect, test } from 'vitest'
import { mapEvents } from '../../../src/vendors/amocrm/read.ts'

const event = (more: object) => ({
  id: '01h',
  type: 'task_completed',
  entity_id: 7087,
  entity_type: 'task',
  created_by: 504141,
  created_at: 1750000000,
  value_after: [],
  value_before: [],
  account_id: 1,
  ...more,
})

describe('an event of a completed task', () => {
  test('dates the completion and says who did it', () => {
    expect(mapEvents([event({})]).records.taskClosings).toEqual([
      { taskId: '7087', at: new Date(1750000000_000), actorId: '504141' },
    ])
  })

  test('by a robot names nobody', () => {
    expect(mapEvents([event({ created_by: 0 })]).records.taskClosings[0]?.actorId).toBeNull()
  })

  test('that shows the lead instead of the task is not taken for one', () => {
    expect(mapEvents([event({ entity_type: 'lead' })]).records.taskClosings).toEqual([])
  })
})
