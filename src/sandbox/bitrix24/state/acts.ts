import { DEAL, INVOICE } from './dictionaries.ts'
import type { Portal } from './portal.ts'
import type { ActivityRow, FieldValue, ItemRow, TaskRow } from './rows.ts'

/** Who acts: a user's id, or null for a robot, a workflow or an agent. */
export type Actor = number | null

export type EventData = Record<string, unknown>
/** Told of every change, after it is made. */
export type OnChange = (event: string, data: EventData, actor: Actor) => void

export type ItemChange = Partial<Omit<ItemRow, 'id' | 'custom'>> & { custom?: Record<string, FieldValue> }

const EVENT_NAMES: Record<number, (verb: 'ADD' | 'UPDATE' | 'DELETE') => string> = {
  1: verb => `ONCRMLEAD${verb}`,
  [DEAL]: verb => `ONCRMDEAL${verb}`,
  [INVOICE]: verb => `ONCRMDYNAMICITEM${verb}`,
}

const newItem = (portal: Portal, now: number, by: number): Omit<ItemRow, 'id'> => ({
  title: '',
  typeId: 'SALE',
  categoryId: 0,
  stageId: '',
  semantic: 'P',
  previousStageId: '',
  assignedById: by,
  createdBy: by,
  updatedBy: by,
  movedBy: by,
  lastActivityBy: by,
  createdTime: now,
  updatedTime: now,
  movedTime: now,
  lastActivityTime: now,
  begindate: now - (now % 86_400_000),
  closedate: now - (now % 86_400_000) + 7 * 86_400_000,
  opportunity: 0,
  currencyId: portal.currency,
  companyId: 0,
  contactId: 0,
  sourceId: '',
  comments: '',
  isRecurring: false,
  isReturnCustomer: false,
  parentId2: null,
  custom: {},
})

/** What people and robots do in a portal. Each act leaves the traces that the real CRM leaves. */
export class Acts {
  readonly #portal: Portal
  readonly #tell: OnChange

  constructor(portal: Portal, tell: OnChange) {
    this.#portal = portal
    this.#tell = tell
  }

  #announce(entityTypeId: number, verb: 'ADD' | 'UPDATE' | 'DELETE', id: number, actor: Actor): void {
    const name = EVENT_NAMES[entityTypeId]?.(verb)
    const fields = entityTypeId === INVOICE ? { ID: id, ENTITY_TYPE_ID: INVOICE } : { ID: id }
    if (name) this.#tell(name, { FIELDS: fields }, actor)
  }

  addItem(entityTypeId: number, change: ItemChange, actor: Actor): ItemRow {
    const { dictionaries } = this.#portal
    const store = this.#portal.store(entityTypeId)!
    const now = this.#portal.now()
    const by = actor ?? 0
    const categoryId = change.categoryId ?? 0
    const stageId = change.stageId ?? dictionaries.stages(entityTypeId, categoryId)[0]?.statusId ?? ''
    const item = store.items.add({
      ...newItem(this.#portal, now, by),
      ...change,
      categoryId,
      stageId,
      semantic: dictionaries.semantic(entityTypeId, categoryId, stageId) ?? 'P',
      custom: { ...change.custom },
    })
    this.#writeHistory(entityTypeId, item, item.semantic === 'P' ? 1 : 3, now)
    this.#announce(entityTypeId, 'ADD', item.id, actor)
    return item
  }

  /** Applies changed fields; nothing is saved and nobody is told when nothing changes. */
  updateItem(entityTypeId: number, id: number, change: ItemChange, actor: Actor): ItemRow | undefined {
    const portal = this.#portal
    const item = portal.store(entityTypeId)?.items.find(id)
    if (!item) return undefined
    const now = portal.now()
    const by = actor ?? 0
    const { custom, ...plain } = change
    const before = { ...item }
    const hasChanged =
      Object.entries(plain).some(([key, value]) => item[key as keyof ItemRow] !== value) ||
      Object.entries(custom ?? {}).some(
        ([key, value]) => JSON.stringify(item.custom[key] ?? null) !== JSON.stringify(value),
      )
    if (!hasChanged) return item
    Object.assign(item, plain)
    Object.assign(item.custom, custom)
    if (item.categoryId !== before.categoryId && change.stageId === undefined)
      item.stageId = portal.dictionaries.stages(entityTypeId, item.categoryId)[0]?.statusId ?? item.stageId
    const isMoved = item.stageId !== before.stageId || item.categoryId !== before.categoryId
    if (isMoved) this.#move(entityTypeId, item, before, now, by)
    item.updatedTime = now
    item.updatedBy = by
    if (entityTypeId === DEAL && item.categoryId !== before.categoryId)
      this.#tell(
        'ONCRMDEALMOVETOCATEGORY',
        { FIELDS: { ID: id, CATEGORY_ID: item.categoryId, STAGE_ID: item.stageId } },
        actor,
      )
    this.#announce(entityTypeId, 'UPDATE', id, actor)
    return item
  }

  #move(entityTypeId: number, item: ItemRow, before: ItemRow, now: number, by: number): void {
    const portal = this.#portal
    const { history } = portal.store(entityTypeId)!
    item.semantic = portal.dictionaries.semantic(entityTypeId, item.categoryId, item.stageId) ?? 'P'
    item.previousStageId = before.stageId
    item.movedTime = now
    item.movedBy = by
    const isOtherPipeline = item.categoryId !== before.categoryId
    if (portal.temper.history === 'erase') {
      if (isOtherPipeline) history.removeWhere(row => row.ownerId === item.id)
      else if (before.semantic !== 'P' && item.semantic === 'P')
        history.removeWhere(row => row.ownerId === item.id && row.semantic !== 'P')
    }
    const isErased = portal.temper.history === 'erase'
    this.#writeHistory(
      entityTypeId,
      item,
      isOtherPipeline && !isErased ? 5 : item.semantic === 'P' ? 2 : 3,
      now,
    )
    if (item.semantic !== 'P' && before.semantic === 'P') {
      item.closedate = now - (now % 86_400_000)
      this.#autoComplete(entityTypeId, item.id, now)
    }
  }

  /** Finishing an item closes its planned activities; nobody did that work. */
  #autoComplete(entityTypeId: number, id: number, now: number): void {
    for (const activity of this.#portal.activities.rows)
      if (activity.ownerTypeId === entityTypeId && activity.ownerId === id && activity.status === 1) {
        activity.status = 3
        activity.lastUpdated = now
      }
  }

  #writeHistory(entityTypeId: number, item: ItemRow, typeId: number, at: number): void {
    this.#portal.store(entityTypeId)!.history.add({
      typeId,
      ownerId: item.id,
      createdTime: at,
      categoryId: item.categoryId,
      stageId: item.stageId,
      semantic: item.semantic,
    })
  }

  deleteItem(entityTypeId: number, id: number, actor: Actor): boolean {
    const store = this.#portal.store(entityTypeId)
    if (!store?.items.remove(id)) return false
    store.history.removeWhere(row => row.ownerId === id)
    this.#portal.activities.removeWhere(row => row.ownerTypeId === entityTypeId && row.ownerId === id)
    this.#announce(entityTypeId, 'DELETE', id, actor)
    return true
  }

  addActivity(change: Partial<ActivityRow> & { ownerId: number }, actor: Actor): ActivityRow {
    const now = this.#portal.now()
    const by = actor ?? 0
    const activity = this.#portal.activities.add({
      ownerTypeId: DEAL,
      typeId: 6,
      providerId: 'CRM_TODO',
      providerTypeId: 'TODO',
      direction: 0,
      status: 1,
      responsibleId: by,
      authorId: by,
      editorId: by,
      created: now,
      lastUpdated: now,
      startTime: null,
      endTime: null,
      deadline: null,
      isIncomingChannel: false,
      associatedEntityId: 0,
      subject: '',
      description: '',
      ...change,
    })
    this.#touchOwner(activity, now, by)
    this.#tell('ONCRMACTIVITYADD', { FIELDS: { ID: activity.id } }, actor)
    return activity
  }

  updateActivity(id: number, change: Partial<ActivityRow>, actor: Actor): ActivityRow | undefined {
    const activity = this.#portal.activities.find(id)
    if (!activity) return undefined
    const now = this.#portal.now()
    Object.assign(activity, change, { lastUpdated: now, editorId: actor ?? 0 })
    this.#touchOwner(activity, now, actor ?? 0)
    this.#tell('ONCRMACTIVITYUPDATE', { FIELDS: { ID: id } }, actor)
    return activity
  }

  deleteActivity(id: number, actor: Actor): boolean {
    if (!this.#portal.activities.remove(id)) return false
    this.#tell('ONCRMACTIVITYDELETE', { FIELDS: { ID: id } }, actor)
    return true
  }

  /** An activity moves its owner's last-activity mark, and with it the time of update. */
  #touchOwner(activity: ActivityRow, now: number, by: number): void {
    const owner = this.#portal.store(activity.ownerTypeId)?.items.find(activity.ownerId)
    if (!owner) return
    owner.lastActivityTime = now
    owner.lastActivityBy = by
    owner.updatedTime = now
  }

  addTask(change: Partial<TaskRow> & { title: string; responsibleId: number }, actor: Actor): TaskRow {
    const now = this.#portal.now()
    const task = this.#portal.tasks.add({
      description: '',
      status: 2,
      createdBy: actor ?? change.responsibleId,
      createdDate: now,
      changedDate: now,
      changedBy: actor ?? 0,
      activityDate: now,
      closedDate: null,
      closedBy: 0,
      deadline: null,
      groupId: 0,
      tags: [],
      crm: [],
      ...change,
      changes: [{ at: now, field: 'NEW', from: '', to: '', userId: actor ?? 0 }],
    })
    this.#tell('ONTASKADD', { FIELDS_BEFORE: 'undefined', FIELDS_AFTER: { ID: task.id } }, actor)
    return task
  }

  updateTask(id: number, change: Partial<TaskRow>, actor: Actor): TaskRow | undefined {
    const task = this.#portal.tasks.find(id)
    if (!task) return undefined
    const now = this.#portal.now()
    const note = (field: string, from: unknown, to: unknown): void => {
      task.changes.push({
        at: now,
        field,
        from: String(from ?? ''),
        to: String(to ?? ''),
        userId: actor ?? 0,
      })
    }
    const seconds = (at: number | null): number | null => (at === null ? null : Math.floor(at / 1000))
    if (change.deadline !== undefined && change.deadline !== task.deadline)
      note('DEADLINE', seconds(task.deadline), seconds(change.deadline))
    if (change.status !== undefined && change.status !== task.status) {
      note('STATUS', task.status, change.status)
      task.closedDate = change.status === 5 ? now : null
      task.closedBy = change.status === 5 ? (actor ?? 0) : 0
    }
    if (change.responsibleId !== undefined && change.responsibleId !== task.responsibleId)
      note('RESPONSIBLE_ID', task.responsibleId, change.responsibleId)
    if (change.title !== undefined && change.title !== task.title) note('TITLE', task.title, change.title)
    Object.assign(task, change, { changedDate: now, changedBy: actor ?? 0, activityDate: now })
    this.#tell('ONTASKUPDATE', { FIELDS_BEFORE: { ID: id }, FIELDS_AFTER: { ID: id } }, actor)
    return task
  }

  deleteTask(id: number, actor: Actor): boolean {
    if (!this.#portal.tasks.remove(id)) return false
    this.#tell('ONTASKDELETE', { FIELDS_BEFORE: { ID: id }, FIELDS_AFTER: 'undefined' }, actor)
    return true
  }
}
