import type { Account } from './account.ts'
import { type NewEvent, statusValue } from './event-feed.ts'
import {
  type FieldValue,
  isClosed,
  type LeadRow,
  LOST,
  type NoteEntity,
  type NoteRow,
  type TaskRow,
} from './rows.ts'

/** Who acts: a user's id (0 = a robot) and, when a program did it, the integration whose token it used. */
export type Actor = { userId: number; clientUuid?: string | null }

export const robot: Actor = { userId: 0 }

/** A word of webhook settings, such as `status_lead`, with what it tells. */
export type OnChange = (code: string, item: Record<string, unknown>) => void

export type LeadChange = Partial<
  Pick<LeadRow, 'name' | 'price' | 'responsibleId' | 'statusId' | 'pipelineId' | 'lossReasonId' | 'contactId'>
> & {
  fields?: Record<number, FieldValue[] | null>
  tagsToAdd?: string[]
  tagsToDelete?: string[]
  /** Replaces the whole set. */
  tags?: string[]
  createdAt?: number
}

const SINGULAR = { leads: 'lead', contacts: 'contact', companies: 'company' } as const

/** What people, robots and programs do in an account. Each act leaves the traces that the real CRM leaves. */
export class Acts {
  readonly #account: Account
  readonly #tell: OnChange

  constructor(account: Account, tell: OnChange) {
    this.#account = account
    this.#tell = tell
  }

  #note(actor: Actor, event: Omit<NewEvent, 'createdBy' | 'createdAt' | 'clientUuid'>): void {
    const account = this.#account
    const { eventLagSeconds: lag, hasClientUuid } = account.temper
    const now = account.now()
    account.events.add(
      {
        ...event,
        createdBy: actor.userId,
        createdAt: now,
        clientUuid: hasClientUuid ? (actor.clientUuid ?? null) : null,
      },
      lag > 0 ? now + lag : 0,
    )
  }

  #leadHook(code: string, lead: LeadRow, more: Record<string, unknown> = {}): void {
    this.#tell(code, {
      id: lead.id,
      name: lead.name,
      status_id: lead.statusId,
      price: lead.price,
      responsible_user_id: lead.responsibleId,
      last_modified: lead.updatedAt,
      modified_user_id: lead.updatedBy,
      created_user_id: lead.createdBy,
      date_create: lead.createdAt,
      pipeline_id: lead.pipelineId,
      account_id: this.#account.accountId,
      created_at: lead.createdAt,
      updated_at: lead.updatedAt,
      ...more,
    })
  }

  addLead(change: LeadChange, actor: Actor): LeadRow {
    const account = this.#account
    const now = account.now()
    const pipeline =
      account.pipeline(change.pipelineId ?? 0) ?? account.pipelines.find(({ isMain }) => isMain)!
    const statusId = change.statusId ?? pipeline.statuses.find(({ type }) => type === 0)!.id
    const lead = account.leads.add({
      name: change.name ?? '',
      price: change.price ?? 0,
      responsibleId: change.responsibleId ?? (actor.userId || account.admin.id),
      statusId,
      pipelineId: pipeline.id,
      lossReasonId: change.lossReasonId ?? null,
      createdBy: actor.userId,
      updatedBy: actor.userId,
      createdAt: change.createdAt ?? now,
      updatedAt: now,
      closedAt: isClosed(statusId) ? now : null,
      isDeleted: false,
      tagIds: (change.tags ?? []).map(name => account.tagNamed(name).id),
      contactId: change.contactId ?? null,
      companyId: null,
      fields: filled({}, change.fields ?? {}),
    })
    this.#note(actor, {
      type: 'lead_added',
      entityType: 'lead',
      entityId: lead.id,
      after: [{ note: { id: 0 } }],
    })
    this.#leadHook('add_lead', lead)
    return lead
  }

  /** Applies what differs. The time of change moves with every write, as on the real one. */
  updateLead(id: number, change: LeadChange, actor: Actor): LeadRow | undefined {
    const account = this.#account
    const lead = account.leads.find(id)
    if (!lead || lead.isDeleted) return undefined
    const before = { ...lead }
    const { fields, tagsToAdd, tagsToDelete, tags, createdAt: _fixed, ...plain } = change
    Object.assign(lead, plain)
    if (
      change.pipelineId !== undefined &&
      change.statusId === undefined &&
      change.pipelineId !== before.pipelineId
    )
      lead.statusId =
        account.pipeline(change.pipelineId)?.statuses.find(({ type }) => type === 0)?.id ?? lead.statusId
    lead.updatedAt = account.now()
    lead.updatedBy = actor.userId
    if (lead.statusId !== before.statusId || lead.pipelineId !== before.pipelineId)
      this.#moved(lead, before, actor)
    if (lead.responsibleId !== before.responsibleId) {
      this.#note(actor, {
        type: 'entity_responsible_changed',
        entityType: 'lead',
        entityId: id,
        before: [{ responsible_user: { id: before.responsibleId } }],
        after: [{ responsible_user: { id: lead.responsibleId } }],
      })
      this.#leadHook('responsible_lead', lead, { old_responsible_user_id: before.responsibleId })
    }
    if (lead.price !== before.price)
      this.#note(actor, {
        type: 'sale_field_changed',
        entityType: 'lead',
        entityId: id,
        before: [{ sale_field_value: { sale: before.price } }],
        after: [{ sale_field_value: { sale: lead.price } }],
      })
    if (lead.name !== before.name)
      this.#note(actor, {
        type: 'name_field_changed',
        entityType: 'lead',
        entityId: id,
        before: [{ name_field_value: { name: before.name } }],
        after: [{ name_field_value: { name: lead.name } }],
      })
    if (fields) this.#setFields(lead, fields, actor)
    this.#setTags(lead, { tagsToAdd, tagsToDelete, tags }, actor)
    account.leads.touched()
    this.#leadHook('update_lead', lead)
    return lead
  }

  #moved(lead: LeadRow, before: LeadRow, actor: Actor): void {
    if (isClosed(lead.statusId)) lead.closedAt = this.#account.now()
    else {
      lead.closedAt = null
      lead.lossReasonId = null
    }
    if (lead.statusId !== LOST) lead.lossReasonId = null
    this.#note(actor, {
      type: 'lead_status_changed',
      entityType: 'lead',
      entityId: lead.id,
      before: statusValue(before.pipelineId, before.statusId),
      after: statusValue(lead.pipelineId, lead.statusId),
    })
    this.#leadHook('status_lead', lead, {
      old_status_id: before.statusId,
      ...(before.pipelineId === lead.pipelineId ? {} : { old_pipeline_id: before.pipelineId }),
    })
  }

  #setFields(lead: LeadRow, fields: Record<number, FieldValue[] | null>, actor: Actor): void {
    for (const [key, value] of Object.entries(fields)) {
      const fieldId = Number(key)
      const old = lead.fields[fieldId] ?? []
      if (JSON.stringify(old) === JSON.stringify(value ?? [])) continue
      const told = (values: FieldValue[]) =>
        values.map(text => ({
          custom_field_value: {
            field_id: fieldId,
            field_type: 1,
            enum_id: typeof text === 'number' ? text : null,
            text: String(text),
          },
        }))
      this.#note(actor, {
        type: 'custom_field_value_changed',
        entityType: 'lead',
        entityId: lead.id,
        before: told(old),
        after: told(value ?? []),
      })
    }
    lead.fields = filled(lead.fields, fields)
  }

  #setTags(
    lead: LeadRow,
    {
      tagsToAdd = [],
      tagsToDelete = [],
      tags,
    }: Record<'tagsToAdd' | 'tagsToDelete' | 'tags', string[] | undefined>,
    actor: Actor,
  ): void {
    const account = this.#account
    const ids = (names: string[]): number[] => names.map(name => account.tagNamed(name).id)
    const wanted = new Set(tags ? ids(tags) : lead.tagIds)
    for (const id of ids(tagsToAdd)) wanted.add(id)
    for (const id of ids(tagsToDelete)) wanted.delete(id)
    const named = (list: number[]) => list.map(id => ({ tag: { name: account.tags.find(id)?.name ?? '' } }))
    const added = [...wanted].filter(id => !lead.tagIds.includes(id))
    const removed = lead.tagIds.filter(id => !wanted.has(id))
    const about = { entityType: 'lead' as const, entityId: lead.id }
    if (added.length > 0) this.#note(actor, { type: 'entity_tag_added', ...about, after: named(added) })
    if (removed.length > 0)
      this.#note(actor, { type: 'entity_tag_deleted', ...about, before: named(removed) })
    lead.tagIds = [...wanted]
  }

  /** Into the recycle bin. */
  deleteLead(id: number, actor: Actor): boolean {
    const lead = this.#account.leads.find(id)
    if (!lead || lead.isDeleted) return false
    lead.isDeleted = true
    lead.updatedAt = this.#account.now()
    lead.updatedBy = actor.userId
    this.#account.leads.touched()
    this.#note(actor, { type: 'lead_deleted', entityType: 'lead', entityId: id })
    this.#tell('delete_lead', { id, status_id: lead.statusId, pipeline_id: lead.pipelineId })
    return true
  }

  restoreLead(id: number, actor: Actor): boolean {
    const lead = this.#account.leads.find(id)
    if (!lead?.isDeleted) return false
    lead.isDeleted = false
    lead.updatedAt = this.#account.now()
    lead.updatedBy = actor.userId
    this.#account.leads.touched()
    this.#note(actor, { type: 'lead_restored', entityType: 'lead', entityId: id })
    this.#leadHook('restore_lead', lead)
    return true
  }

  /** Out of the recycle bin for good; nothing mentions it any more but its events. */
  eraseLead(id: number): boolean {
    return this.#account.leads.remove(id)
  }

  #taskHook(code: string, task: TaskRow): void {
    const types = { contacts: 1, leads: 2, companies: 3 }
    this.#tell(code, {
      id: task.id,
      element_id: task.entityId ?? 0,
      element_type: task.entityType ? types[task.entityType] : 0,
      task_type: task.typeId,
      text: task.text,
      status: task.isCompleted ? 1 : 0,
      complete_before: task.completeTill,
      responsible_user_id: task.responsibleId,
      created_user_id: task.createdBy,
      updated_at: task.updatedAt,
      account_id: this.#account.accountId,
    })
  }

  addTask(
    task: Partial<Omit<TaskRow, 'id'>> & Pick<TaskRow, 'text' | 'completeTill'>,
    actor: Actor,
  ): TaskRow {
    const account = this.#account
    const now = account.now()
    const row = account.tasks.add({
      createdBy: actor.userId,
      updatedBy: actor.userId,
      createdAt: now,
      updatedAt: now,
      responsibleId: actor.userId || account.admin.id,
      entityId: null,
      entityType: null,
      typeId: 1,
      resultText: null,
      isCompleted: false,
      ...task,
    })
    this.#note(actor, { type: 'task_added', entityType: 'task', entityId: row.id })
    this.#taskHook('add_task', row)
    return row
  }

  updateTask(
    id: number,
    change: Partial<Pick<TaskRow, 'text' | 'completeTill' | 'isCompleted' | 'resultText' | 'responsibleId'>>,
    actor: Actor,
  ): TaskRow | undefined {
    const account = this.#account
    const task = account.tasks.find(id)
    if (!task) return undefined
    const before = { ...task }
    Object.assign(task, change)
    task.updatedAt = account.now()
    task.updatedBy = actor.userId
    const about = { entityType: 'task' as const, entityId: id }
    if (task.completeTill !== before.completeTill)
      this.#note(actor, {
        ...about,
        type: 'task_deadline_changed',
        before: [{ task_deadline: { timestamp: before.completeTill } }],
        after: [{ task_deadline: { timestamp: task.completeTill } }],
      })
    if (task.text !== before.text)
      this.#note(actor, {
        ...about,
        type: 'task_text_changed',
        before: [{ task: { text: before.text } }],
        after: [{ task: { text: task.text } }],
      })
    if (task.isCompleted && !before.isCompleted) this.#note(actor, { ...about, type: 'task_completed' })
    account.tasks.touched()
    this.#taskHook('update_task', task)
    return task
  }

  deleteTask(id: number, actor: Actor): boolean {
    if (!this.#account.tasks.remove(id)) return false
    this.#note(actor, { type: 'task_deleted', entityType: 'task', entityId: id })
    this.#tell('delete_task', { id })
    return true
  }

  /** A note; calls and remarks also show in the event feed. */
  addNote(
    note: Pick<NoteRow, 'entity' | 'entityId' | 'noteType'> & { params?: Record<string, unknown> },
    actor: Actor,
  ): NoteRow {
    const account = this.#account
    const now = account.now()
    const row = account.notes.add({
      params: {},
      ...note,
      createdBy: actor.userId,
      updatedBy: actor.userId,
      createdAt: now,
      updatedAt: now,
      responsibleId: actor.userId,
    })
    const type = NOTE_EVENTS[note.noteType]
    if (type)
      this.#note(actor, {
        type,
        entityType: SINGULAR[note.entity],
        entityId: note.entityId,
        after: [{ note: { id: row.id } }],
      })
    return row
  }

  addMessage(
    message: { entity: NoteEntity; entityId: number; direction: 'in' | 'out'; contactId: number | null },
    actor: Actor,
  ): void {
    this.#note(message.direction === 'in' ? robot : actor, {
      type: message.direction === 'in' ? 'incoming_chat_message' : 'outgoing_chat_message',
      entityType: SINGULAR[message.entity],
      entityId: message.entityId,
      after: [{ message: { id: `m-${this.#account.events.version}` } }],
      linkedContactId: message.contactId,
    })
  }
}

export const NOTE_EVENTS: Record<string, string> = {
  common: 'common_note_added',
  call_in: 'incoming_call',
  call_out: 'outgoing_call',
  sms_in: 'incoming_sms',
  sms_out: 'outgoing_sms',
  attachment: 'attachment_note_added',
  service_message: 'service_note_added',
  extended_service_message: 'service_note_added',
}

const filled = (
  old: Record<number, FieldValue[]>,
  change: Record<number, FieldValue[] | null>,
): Record<number, FieldValue[]> =>
  Object.fromEntries(
    Object.entries({ ...old, ...change }).filter(
      (entry): entry is [string, FieldValue[]] => entry[1] !== null && entry[1].length > 0,
    ),
  )
