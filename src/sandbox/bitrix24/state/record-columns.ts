import { isoOf } from '../rest/instants.ts'
import type { Portal } from './portal.ts'
import type { Column, FieldKind, Scalar } from './query.ts'
import type { ActivityRow, HistoryRow, TaskRow, UserRow } from './rows.ts'

/** What "no deadline" is stored as. */
export const FAR_FUTURE = Date.UTC(9999, 11, 31)

const iso = (portal: Portal, at: number | null): string | null =>
  at === null ? null : isoOf(at, portal.offsetMinutes)

const column = <Row>(
  kind: FieldKind,
  of: (row: Row) => Scalar | readonly Scalar[],
  show: (row: Row) => unknown = of,
): Column<Row> => ({ kind, of, show })

export const historyColumns = (portal: Portal): Map<string, Column<HistoryRow>> => {
  const number = portal.temper.historyAsText ? String : (value: number) => value
  return new Map<string, Column<HistoryRow>>([
    [
      'ID',
      column(
        'id',
        row => row.id,
        row => number(row.id),
      ),
    ],
    [
      'TYPE_ID',
      column(
        'id',
        row => row.typeId,
        row => number(row.typeId),
      ),
    ],
    [
      'OWNER_ID',
      column(
        'id',
        row => row.ownerId,
        row => number(row.ownerId),
      ),
    ],
    [
      'CREATED_TIME',
      column(
        'time',
        row => row.createdTime,
        row => iso(portal, row.createdTime),
      ),
    ],
    [
      'CATEGORY_ID',
      column(
        'id',
        row => row.categoryId,
        row => number(row.categoryId),
      ),
    ],
    ['STAGE_SEMANTIC_ID', column('text', row => row.semantic)],
    ['STAGE_ID', column('text', row => row.stageId)],
  ])
}

/** Activities answer in text, whatever the type. */
export const activityColumns = (portal: Portal): Map<string, Column<ActivityRow>> => {
  const id = (of: (row: ActivityRow) => number): Column<ActivityRow> =>
    column('id', of, row => String(of(row)))
  const time = (of: (row: ActivityRow) => number | null): Column<ActivityRow> =>
    column('time', of, row => iso(portal, of(row)) ?? '')
  return new Map<string, Column<ActivityRow>>([
    ['ID', id(row => row.id)],
    ['OWNER_ID', id(row => row.ownerId)],
    ['OWNER_TYPE_ID', id(row => row.ownerTypeId)],
    ['TYPE_ID', id(row => row.typeId)],
    ['PROVIDER_ID', column('text', row => row.providerId)],
    ['PROVIDER_TYPE_ID', column('text', row => row.providerTypeId)],
    ['ASSOCIATED_ENTITY_ID', id(row => row.associatedEntityId)],
    ['SUBJECT', column('text', row => row.subject)],
    ['CREATED', time(row => row.created)],
    ['LAST_UPDATED', time(row => row.lastUpdated)],
    ['START_TIME', time(row => row.startTime ?? row.created)],
    ['END_TIME', time(row => row.endTime ?? row.startTime ?? row.created)],
    ['DEADLINE', time(row => row.deadline ?? FAR_FUTURE)],
    ['COMPLETED', column('flag', row => (row.status === 1 ? 'N' : 'Y'))],
    ['STATUS', id(row => row.status)],
    ['RESPONSIBLE_ID', id(row => row.responsibleId)],
    ['AUTHOR_ID', id(row => row.authorId)],
    ['EDITOR_ID', id(row => row.editorId)],
    ['PRIORITY', column('text', () => '2')],
    ['DIRECTION', id(row => row.direction)],
    ['IS_INCOMING_CHANNEL', column('flag', row => (row.isIncomingChannel ? 'Y' : 'N'))],
    ['DESCRIPTION', column('text', row => row.description)],
    ['DESCRIPTION_TYPE', column('text', () => '1')],
    ['LOCATION', column('text', () => '')],
    ['ORIGIN_ID', column('text', () => null)],
  ])
}

export type TaskColumn = Column<TaskRow> & { camel: string }

/** Tasks: asked for in UPPER case, answered in camelCase, numbers as text. */
export const taskColumns = (portal: Portal): Map<string, TaskColumn> => {
  const make = (
    camel: string,
    kind: FieldKind,
    of: (row: TaskRow) => Scalar | readonly Scalar[],
    show?: (row: TaskRow) => unknown,
  ): TaskColumn => ({
    camel,
    kind,
    of,
    show:
      show ??
      (row => {
        const value = of(row)
        if (kind === 'time') return iso(portal, value as number | null)
        return typeof value === 'number' ? String(value) : value
      }),
  })
  const subStatus = (row: TaskRow): number =>
    row.deadline !== null && row.status < 4 && row.deadline < portal.now() ? -1 : row.status
  return new Map<string, TaskColumn>([
    ['ID', make('id', 'id', row => row.id)],
    ['TITLE', make('title', 'text', row => row.title)],
    ['DESCRIPTION', make('description', 'text', row => row.description)],
    ['REAL_STATUS', make('status', 'id', row => row.status)],
    ['STATUS', make('subStatus', 'id', subStatus)],
    ['RESPONSIBLE_ID', make('responsibleId', 'id', row => row.responsibleId)],
    ['CREATED_BY', make('createdBy', 'id', row => row.createdBy)],
    ['CREATED_DATE', make('createdDate', 'time', row => row.createdDate)],
    ['CHANGED_BY', make('changedBy', 'id', row => row.changedBy)],
    ['CHANGED_DATE', make('changedDate', 'time', row => row.changedDate)],
    ['ACTIVITY_DATE', make('activityDate', 'time', row => row.activityDate)],
    [
      'CLOSED_BY',
      make(
        'closedBy',
        'id',
        row => row.closedBy,
        row => (row.closedBy ? String(row.closedBy) : null),
      ),
    ],
    ['CLOSED_DATE', make('closedDate', 'time', row => row.closedDate)],
    ['DEADLINE', make('deadline', 'time', row => row.deadline)],
    ['GROUP_ID', make('groupId', 'id', row => row.groupId)],
    [
      'UF_CRM_TASK',
      make(
        'ufCrmTask',
        'list',
        row => row.crm,
        row => (row.crm.length > 0 ? row.crm : false),
      ),
    ],
    ['TAGS', make('tags', 'list', row => row.tags)],
  ])
}

export const userColumns = (portal: Portal): Map<string, Column<UserRow>> =>
  new Map<string, Column<UserRow>>([
    [
      'ID',
      column(
        'id',
        row => row.id,
        row => String(row.id),
      ),
    ],
    ['XML_ID', column('text', row => `u${row.id}`)],
    [
      'ACTIVE',
      column(
        'flag',
        row => (row.isActive ? 'Y' : 'N'),
        row => row.isActive,
      ),
    ],
    ['NAME', column('text', row => row.name)],
    ['LAST_NAME', column('text', row => row.lastName)],
    ['SECOND_NAME', column('text', row => row.secondName)],
    ['WORK_POSITION', column('text', row => row.position)],
    ['PERSONAL_GENDER', column('text', row => row.gender)],
    ['UF_DEPARTMENT', column('list', row => row.departments)],
    ['USER_TYPE', column('text', () => 'employee')],
    ['IS_ONLINE', column('flag', row => (portal.now() - row.lastActivity < 900_000 ? 'Y' : 'N'))],
    [
      'DATE_REGISTER',
      column(
        'time',
        row => row.registered,
        row => iso(portal, row.registered),
      ),
    ],
    // Dates of these two are objects of PHP and leave the server as empty maps.
    [
      'TIMESTAMP_X',
      column(
        'time',
        row => row.registered,
        () => ({}),
      ),
    ],
    [
      'LAST_ACTIVITY_DATE',
      column(
        'time',
        row => row.lastActivity,
        () => ({}),
      ),
    ],
    [
      'LAST_LOGIN',
      column(
        'time',
        row => row.lastLogin,
        row => iso(portal, row.lastLogin),
      ),
    ],
    ['EMAIL', column('text', row => row.email)],
    ['TIME_ZONE', column('text', () => '')],
    ['PERSONAL_PHOTO', column('text', () => null)],
    ['UF_EMPLOYMENT_DATE', column('text', () => '')],
  ])
