import type { Row } from './fake-portal.ts'

/** Rows as the portal sends them. */

const at = (minutes: number): string =>
  new Date(Date.UTC(2026, 4, 1) + minutes * 60_000).toISOString().replace('.000Z', '+00:00')

export const dealRow = (id: number, more: Row = {}): Row => ({
  id,
  title: `Deal ${id}`,
  categoryId: 0,
  stageId: 'NEW',
  stageSemanticId: 'P',
  assignedById: 17,
  createdBy: 17,
  createdTime: at(id),
  updatedBy: 9,
  updatedTime: at(id + 10),
  movedBy: 17,
  movedTime: at(id + 5),
  lastActivityBy: 17,
  lastActivityTime: at(id + 7),
  closedate: '2026-09-01T03:00:00+03:00',
  opportunity: 1500,
  currencyId: 'RUB',
  isRecurring: 'N',
  UF_CRM_COLOR: 45,
  UF_CRM_NOTE: ' Hello ',
  ...more,
})

export const historyRow = (id: number, ownerId: number, more: Row = {}): Row => ({
  ID: id,
  TYPE_ID: 2,
  OWNER_ID: ownerId,
  CREATED_TIME: at(id),
  CATEGORY_ID: 0,
  STAGE_SEMANTIC_ID: 'P',
  STAGE_ID: 'NEW',
  ...more,
})

export const activityRow = (id: number, more: Row = {}): Row => ({
  ID: String(id),
  OWNER_TYPE_ID: '2',
  OWNER_ID: '5',
  TYPE_ID: '2',
  PROVIDER_ID: 'VOXIMPLANT_CALL',
  PROVIDER_TYPE_ID: 'CALL',
  DIRECTION: '2',
  STATUS: '2',
  COMPLETED: 'Y',
  RESPONSIBLE_ID: '17',
  AUTHOR_ID: '17',
  CREATED: at(id),
  LAST_UPDATED: at(id + 6),
  START_TIME: at(id),
  END_TIME: at(id + 2),
  DEADLINE: '9999-12-31T00:00:00+03:00',
  IS_INCOMING_CHANNEL: 'N',
  ASSOCIATED_ENTITY_ID: '0',
  ...more,
})

export const taskRow = (id: number, more: Row = {}): Row => ({
  id: String(id),
  title: `Call back ${id}`,
  status: '3',
  responsibleId: '17',
  createdBy: '13',
  createdDate: at(id),
  changedDate: at(id + 3),
  closedDate: null,
  closedBy: '0',
  deadline: '2026-08-01T19:00:00+03:00',
  ufCrmTask: [`D_${id}`, 'C_8'],
  ...more,
})

export const invoiceRow = (id: number, more: Row = {}): Row => ({
  id,
  stageId: 'DT31_5:P',
  assignedById: 17,
  createdTime: at(id),
  updatedTime: at(id + 4),
  movedTime: at(id + 4),
  begindate: '2026-08-01T03:00:00+03:00',
  closedate: '2026-08-11T03:00:00+03:00',
  opportunity: 100,
  currencyId: 'RUB',
  parentId2: 5,
  ...more,
})
