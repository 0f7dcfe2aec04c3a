import { SECOND } from '../../clock.ts'
import type { Account } from '../amocrm/account/account.ts'
import { statusValue } from '../amocrm/account/event-feed.ts'
import { type FieldRow, type FieldValue, type LeadRow, LOST, WON } from '../amocrm/account/rows.ts'
import { DEAL, INVOICE } from '../bitrix24/state/dictionaries.ts'
import { Portal } from '../bitrix24/state/portal.ts'
import type { ItemRow } from '../bitrix24/state/rows.ts'
import { type Random, seededRandom } from '../random.ts'
import { PIPELINES } from './company-pipelines.ts'
import { clientName } from './company-words.ts'
import { fillHalfYear, type HalfYearOptions } from './half-year.ts'
import { writeActivities, writeTasks } from './half-year-work.ts'

/** A program of the company that moves deals by itself, beside robots. */
export const ERP_UUID = 'e7a1c0de-1111-4222-8333-444455556666'
/** The form on the company's site. */
export const SITE_UUID = '51f0f0f0-2222-4333-8444-555566667777'

/** How the story's ids and instants read in the account. */
export type Telling = {
  account: Account
  story: Portal
  random: Random
  userId(storyId: number): number
  lead(storyId: number): LeadRow | undefined
  seconds(instant: number): number
}

/**
 * The same company's half-year, told by a CRM that keeps no history but events: people and departments become
 * users and groups, deals leads, steps tasks, contacts notes and messages. Some moves are a robot's and some
 * another program's, because this CRM says who did it.
 */
export const fillHalfYearLeads = (account: Account, options: HalfYearOptions = {}): void => {
  const clock = options.clock ?? account.clock
  const story = new Portal({ name: account.name, title: account.title }, clock)
  fillHalfYear(story, { ...options, clock })
  const random = seededRandom((options.seed ?? 20_260) + 1)
  const seconds = (instant: number): number => Math.floor(instant / SECOND)
  const users = hire(account, story)
  const leads = new Map<number, LeadRow>()
  const telling: Telling = {
    account,
    story,
    random,
    userId: id => users.get(id) ?? 0,
    lead: id => leads.get(id),
    seconds,
  }
  const statuses = setUpPipelines(account)
  const fields = setUpFields(account, story)
  writeLeads(telling, leads, statuses, fields)
  writeMoves(telling, statuses)
  writeActivities(telling)
  writeTasks(telling)
  writeInvoices(telling)
  throwAway(telling)
  for (const lead of account.leads.rows) lead.updatedAt = Math.max(lead.updatedAt, lead.createdAt)
  account.leads.touched()
}

const rights = (view: 'A' | 'G' | 'M') => ({ view, edit: view, add: 'A', delete: 'D', export: 'D' }) as const

const hire = (account: Account, story: Portal): Map<number, number> => {
  account.roles.push({ id: 3141, name: 'Менеджер' }, { id: 3142, name: 'Руководитель отдела' })
  for (const { id, name, parentId } of story.departments.rows)
    account.groups.push({
      id: parentId === null ? 0 : 267_680 + id,
      name: parentId === null ? 'Администрация' : name,
    })
  const ids = new Map<number, number>()
  for (const user of story.users.rows) {
    if (user.isSystem) continue
    const department = user.departments[0] ?? 1
    const isHead = department !== 1 && story.departments.find(department)?.headId === user.id
    const isTop = department === 1
    const row = account.users.add({
      name: `${user.name} ${user.lastName}`.trim(),
      email: user.email,
      lang: 'ru',
      groupId: isTop ? 0 : 267_680 + department,
      roleId: user.isAdmin ? null : isHead ? 3142 : 3141,
      isAdmin: user.isAdmin,
      isFree: false,
      isActive: user.isActive,
      leads: rights(isTop ? 'A' : isHead ? 'G' : 'M'),
    })
    ids.set(user.id, row.id)
  }
  account.users.add({
    name: 'Бухгалтерия',
    email: 'buh@severny-kontur.example',
    lang: 'ru',
    groupId: 0,
    roleId: null,
    isAdmin: false,
    isFree: true,
    isActive: true,
    leads: rights('M'),
  })
  return ids
}

type Status = { pipelineId: number; statusId: number }
type Statuses = Map<string, Status>

/** Every losing stage is one here: what was lost is told by its reason. */
const setUpPipelines = (account: Account): Statuses => {
  const statuses: Statuses = new Map()
  for (const { categoryId, name, stages } of PIPELINES) {
    const pipelineId = 6_950_551 + categoryId * 1000
    const open = stages.filter(stage => stage.semantic === undefined)
    account.addPipeline(
      { id: pipelineId, name, sort: categoryId + 1, isMain: categoryId === 0 },
      open.map((stage, index) => ({
        id: pipelineId + 10 + index,
        name: stage.name,
        ...(stage.color === undefined ? {} : { color: stage.color }),
      })),
    )
    const key = (id: string): string => (categoryId === 0 ? id : `C${categoryId}:${id}`)
    for (const [index, stage] of open.entries())
      statuses.set(key(stage.id), { pipelineId, statusId: pipelineId + 10 + index })
    for (const stage of stages)
      if (stage.semantic !== undefined)
        statuses.set(key(stage.id), { pipelineId, statusId: stage.semantic === 'S' ? WON : LOST })
  }
  return statuses
}

const TYPES: Record<string, FieldRow['type']> = { enumeration: 'select', boolean: 'checkbox' }

const setUpFields = (account: Account, story: Portal): Map<string, FieldRow> => {
  const fields = new Map<string, FieldRow>()
  for (const field of story.dictionaries.fieldsOf(DEAL)) {
    if (field.fieldName === 'UF_CRM_LOSS_REASON') {
      for (const [index, { value }] of field.options.entries())
        account.lossReasons.push({
          id: 4_203_700 + index,
          name: value,
          sort: index * 100,
          createdAt: account.now() - 40_000_000,
        })
      continue
    }
    fields.set(
      field.fieldName,
      account.addField({
        name: field.labels.ru,
        type: TYPES[field.userType] ?? 'text',
        options: field.options.map(({ value }) => ({ value })),
        requiredStatuses: field.isMandatory
          ? account.pipelines.map(({ id, statuses }) => ({ pipelineId: id, statusId: statuses[2]!.id }))
          : [],
      }),
    )
  }
  account.addField({ name: 'utm_source', type: 'tracking_data', code: 'UTM_SOURCE' })
  return fields
}

const fieldsOf = (
  story: Portal,
  deal: ItemRow,
  fields: Map<string, FieldRow>,
): Record<number, FieldValue[]> => {
  const filled: Record<number, FieldValue[]> = {}
  for (const [name, value] of Object.entries(deal.custom)) {
    const field = fields.get(name)
    if (!field || value === null || Array.isArray(value)) continue
    const option = story.dictionaries
      .fieldsOf(DEAL)
      .find(({ fieldName }) => fieldName === name)
      ?.options.find(({ id }) => id === value)
    filled[field.id] = [
      option ? (field.enums.find(({ value: title }) => title === option.value)?.id ?? 0) : value,
    ]
  }
  return filled
}

/** One currency to an account. */
const priceOf = (deal: ItemRow, currency: string): number =>
  deal.currencyId === currency ? deal.opportunity : deal.opportunity * 90

const writeLeads = (
  { account, story, random, userId, seconds }: Telling,
  leads: Map<number, LeadRow>,
  statuses: Statuses,
  fields: Map<string, FieldRow>,
): void => {
  const reasons =
    story.dictionaries.fieldsOf(DEAL).find(({ fieldName }) => fieldName === 'UF_CRM_LOSS_REASON')?.options ??
    []
  for (const deal of story.deals.rows) {
    const { pipelineId, statusId } = statuses.get(deal.stageId)!
    const createdAt = seconds(deal.createdTime)
    const createdBy = userId(deal.createdBy)
    const isFromSite = createdBy === 0
    if (random.chance(0.02)) account.leads.skip(random.int(1, 5))
    const contact = account.contacts.add({ name: clientName(random), createdAt, updatedAt: createdAt })
    const isClosed = statusId === WON || statusId === LOST
    const reason = reasons.findIndex(({ id }) => id === deal.custom['UF_CRM_LOSS_REASON'])
    const lead = account.leads.add({
      name: deal.title,
      price: priceOf(deal, account.currency),
      responsibleId: userId(deal.assignedById),
      statusId,
      pipelineId,
      lossReasonId: statusId === LOST && reason >= 0 ? 4_203_700 + reason : null,
      createdBy,
      updatedBy: createdBy,
      createdAt,
      updatedAt: createdAt,
      closedAt: isClosed ? seconds(deal.movedTime) : null,
      isDeleted: false,
      tagIds: isFromSite ? [account.tagNamed('сайт').id] : [],
      contactId: contact.id,
      companyId: null,
      fields: fieldsOf(story, deal, fields),
    })
    leads.set(deal.id, lead)
    account.events.add({
      type: 'lead_added',
      entityId: lead.id,
      entityType: 'lead',
      createdBy,
      createdAt,
      after: [{ note: { id: 7_000_000 + deal.id } }],
      clientUuid: isFromSite && random.chance(0.7) ? SITE_UUID : null,
    })
    // Some requests are handed from the head to whoever works on them.
    if (random.chance(0.05)) handOver(account, lead, createdAt + random.int(5, 90) * 60)
  }
}

const handOver = (account: Account, lead: LeadRow, at: number): void => {
  const owner = account.users.find(lead.responsibleId)
  const head = account.users.rows.find(user => user.groupId === owner?.groupId && user.leads.view === 'G')
  if (!head || head.id === lead.responsibleId || at >= account.now()) return
  account.events.add({
    type: 'entity_responsible_changed',
    entityId: lead.id,
    entityType: 'lead',
    createdBy: head.id,
    createdAt: at,
    before: [{ responsible_user: { id: head.id } }],
    after: [{ responsible_user: { id: lead.responsibleId } }],
  })
}

/** Stages that the warehouse's program enters, and stages that a robot enters now and then. */
const ERP_STAGES = new Set(['EXECUTING', 'C2:EXECUTING', 'C3:FINAL_INVOICE'])

const writeMoves = ({ account, story, random, lead, seconds }: Telling, statuses: Statuses): void => {
  const standing = new Map<number, Status>()
  for (const row of story.dealHistory.rows) {
    const after = statuses.get(row.stageId)!
    const before = standing.get(row.ownerId)
    standing.set(row.ownerId, after)
    const moved = lead(row.ownerId)
    if (!before || !moved) continue
    const createdAt = seconds(row.createdTime)
    const isErp = ERP_STAGES.has(row.stageId) && random.chance(0.3)
    const isRobot = !isErp && random.chance(0.04)
    const createdBy = isErp ? account.admin.id : isRobot ? 0 : moved.responsibleId
    account.events.add({
      type: 'lead_status_changed',
      entityId: moved.id,
      entityType: 'lead',
      createdBy,
      createdAt,
      before: statusValue(before.pipelineId, before.statusId),
      after: statusValue(after.pipelineId, after.statusId),
      clientUuid: isErp ? ERP_UUID : null,
    })
    if (createdAt > moved.updatedAt) {
      moved.updatedAt = createdAt
      moved.updatedBy = createdBy
    }
  }
}

const writeInvoices = ({ account, story, userId, lead, seconds }: Telling): void => {
  for (const invoice of story.store(INVOICE)!.items.rows) {
    const isPaid = invoice.semantic === 'S'
    account.invoices.add({
      name: invoice.title,
      leadId: invoice.parentId2 === null ? null : (lead(invoice.parentId2)?.id ?? null),
      createdBy: userId(invoice.createdBy),
      createdAt: seconds(invoice.createdTime),
      updatedAt: seconds(invoice.updatedTime),
      status: isPaid ? 'paid' : 'created',
      price: priceOf(invoice, account.currency),
      paidAt: isPaid ? seconds(invoice.movedTime) : null,
      isDeleted: false,
    })
  }
}

/** A dozen doubles that somebody threw away; their events stay. */
const throwAway = ({ account, random }: Telling): void => {
  const now = account.now()
  for (let n = 0; n < 12; n++) {
    const like = account.leads.rows[Math.floor((n + 0.5) * (account.leads.rows.length / 14))]!
    const at = Math.min(now - 60, like.createdAt + random.int(1, 20) * 3600)
    const double = account.leads.add({
      ...like,
      id: account.leads.lastId + 1,
      isDeleted: true,
      updatedAt: at,
      updatedBy: like.responsibleId,
      contactId: null,
      tagIds: [],
      fields: {},
    })
    const about = { entityId: double.id, entityType: 'lead' as const, createdBy: like.responsibleId }
    account.events.add({ ...about, type: 'lead_added', createdAt: like.createdAt })
    account.events.add({ ...about, type: 'lead_deleted', createdAt: at })
  }
}
