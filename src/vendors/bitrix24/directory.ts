import type { Department, Directory, Rejected, User } from '../../records/records.ts'
import { asField, readOffsetList } from './catalogue.ts'
import type { Client, Command } from './client.ts'
import { listOf } from './envelope.ts'
import { rowId } from './feeds.ts'
import { type KeysetList, readKeyset } from './keyset.ts'
import type { Session } from './session.ts'
import { departmentWire, userWire } from './wire.ts'

const USER_SELECT = [
  'ID',
  'ACTIVE',
  'NAME',
  'LAST_NAME',
  'EMAIL',
  'WORK_POSITION',
  'UF_DEPARTMENT',
  'TIME_ZONE',
  'USER_TYPE',
]

/** No filter by activity: dismissed people still own deals. */
const users: KeysetList = {
  method: 'user.get',
  command: after => ({
    method: 'user.get',
    params: { sort: 'ID', order: 'ASC', FILTER: { '>ID': after }, select: USER_SELECT, start: -1 },
  }),
  lastIdPath: '[49][ID]',
  rows: listOf,
  idOf: row => rowId({ rowKey: 'ID', key: 'ID' }, row),
}

const departmentPage = (page: number): Command => ({
  method: 'department.get',
  params: { sort: 'ID', order: 'ASC', START: page * 50 },
})

/** Ids of a user's departments: a list, one id, or `false`. */
const departmentIds = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value])
    .filter(id => typeof id === 'number' || typeof id === 'string')
    .map(String)
    .filter(id => /^[1-9]\d*$/.test(id))

const readUser = (row: unknown, rejected: Rejected[]): User[] => {
  const parsed = userWire.safeParse(row)
  if (!parsed.success) {
    rejected.push({ kind: 'user', id: null, reason: 'ID: is not an id' })
    return []
  }
  const { ID, ACTIVE, NAME, LAST_NAME, WORK_POSITION, UF_DEPARTMENT, TIME_ZONE, EMAIL } = parsed.data
  const name = `${NAME} ${LAST_NAME}`.replace(/\s+/g, ' ').trim()
  return [
    {
      id: ID,
      name: name || EMAIL || `#${ID}`,
      position: WORK_POSITION || null,
      isActive: ACTIVE,
      isAdmin: null,
      departmentIds: departmentIds(UF_DEPARTMENT),
      timeZone: TIME_ZONE || null,
      language: null,
      email: EMAIL || null,
      dealsVisible: null,
    },
  ]
}

const readDepartment = (row: unknown, rejected: Rejected[]): Department[] => {
  const parsed = departmentWire.safeParse(row)
  if (!parsed.success) {
    rejected.push({ kind: 'department', id: null, reason: 'ID: is not an id' })
    return []
  }
  const { ID, NAME, SORT, PARENT, UF_HEAD } = parsed.data
  return [{ id: ID, name: NAME || ID, parentId: PARENT, headId: UF_HEAD, sort: SORT ?? 0 }]
}

/** People, departments, pipelines, stages and fields as they are now. */
export const readDirectory = async (client: Client, session: Session): Promise<Directory> => {
  const catalogue = await session.refreshCatalogue()
  const rejected = [...catalogue.rejected]
  const firstPages = await client.batch([
    departmentPage(0),
    departmentPage(1),
    departmentPage(2),
    departmentPage(3),
  ])
  const departments = (await readOffsetList(client, departmentPage, firstPages)).flatMap(row =>
    readDepartment(row, rejected),
  )
  const people = new Map<string, User>()
  for await (const { rows } of readKeyset(client, users, 0, 4))
    for (const row of rows) for (const user of readUser(row, rejected)) people.set(user.id, user)
  return {
    users: [...people.values()],
    departments,
    pipelines: catalogue.pipelines,
    stages: catalogue.stages,
    fields: catalogue.fields.map(asField),
    lossReasons: [],
    rejected,
  }
}
