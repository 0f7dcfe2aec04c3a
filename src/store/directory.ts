import type { Kysely } from 'kysely'
import type { Department, Field, Pipeline, Stage, User } from '../records/records.ts'
import type { Database } from './schema.ts'

/** Listed by the CRM when last asked, unless `isGone`. */
export type Listed<Row> = Row & { isGone: boolean }

export const directoryOf = (db: Kysely<Database>) => ({
  users: async (id: string): Promise<Listed<User>[]> => {
    const rows = await db
      .selectFrom('users')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('user_id')
      .execute()
    return rows.map(row => ({
      id: row.user_id,
      name: row.name,
      position: row.position,
      isActive: row.is_active,
      isAdmin: row.is_admin,
      departmentIds: row.department_ids,
      timeZone: row.time_zone,
      language: row.language,
      email: row.email,
      dealsVisible: row.deals_visible as User['dealsVisible'],
      isGone: row.is_gone,
    }))
  },

  departments: async (id: string): Promise<Department[]> => {
    const rows = await db
      .selectFrom('departments')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('sort')
      .orderBy('department_id')
      .execute()
    return rows.map(row => ({
      id: row.department_id,
      name: row.name,
      parentId: row.parent_id,
      headId: row.head_id,
      sort: row.sort,
    }))
  },

  pipelines: async (id: string): Promise<Listed<Pipeline>[]> => {
    const rows = await db
      .selectFrom('pipelines')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('sort')
      .orderBy('pipeline_id')
      .execute()
    return rows.map(row => ({
      id: row.pipeline_id,
      name: row.name,
      sort: row.sort,
      isDefault: row.is_default,
      isGone: row.is_gone,
    }))
  },

  stages: async (id: string): Promise<Listed<Stage>[]> => {
    const rows = await db
      .selectFrom('stages')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('pipeline_id')
      .orderBy('sort')
      .orderBy('stage_id')
      .execute()
    return rows.map(row => ({
      id: row.stage_id,
      pipelineId: row.pipeline_id,
      name: row.name,
      sort: row.sort,
      outcome: row.outcome as Stage['outcome'],
      color: row.color,
      ...(row.is_incoming ? { isIncoming: true as const } : {}),
      isGone: row.is_gone,
    }))
  },

  fields: async (id: string): Promise<Listed<Field>[]> => {
    const rows = await db
      .selectFrom('fields')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('field_id')
      .execute()
    return rows.map(row => ({
      id: row.field_id,
      title: row.title,
      type: row.type,
      isCustom: row.is_custom,
      isRequired: row.is_required,
      isMultiple: row.is_multiple,
      options: row.options,
      isGone: row.is_gone,
    }))
  },

  lossReasons: async (id: string): Promise<{ id: string; name: string }[]> => {
    const rows = await db
      .selectFrom('loss_reasons')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('reason_id')
      .execute()
    return rows.map(row => ({ id: row.reason_id, name: row.name }))
  },
})
