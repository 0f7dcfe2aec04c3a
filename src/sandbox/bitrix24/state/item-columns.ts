import { isoOf } from '../rest/instants.ts'
import { DEAL, INVOICE, LEAD } from './dictionaries.ts'
import type { Portal } from './portal.ts'
import type { Column, Columns, FieldKind, Scalar } from './query.ts'
import type { CustomFieldRow, ItemRow } from './rows.ts'

export type ItemColumn = Column<ItemRow> & {
  upperName: string
  type: string
  isReadOnly: boolean
  title: string
}

type Spec = {
  name: string
  upper: string
  kind: FieldKind
  type: string
  title: string
  readOnly?: true
  of: (row: ItemRow) => Scalar | readonly Scalar[]
  show?: (row: ItemRow) => unknown
}

const yesNo = (value: boolean): 'Y' | 'N' => (value ? 'Y' : 'N')

const specs = (entityTypeId: number): Spec[] => {
  const isDeal = entityTypeId === DEAL
  const stageUpper = isDeal || entityTypeId === INVOICE ? 'STAGE_ID' : 'STATUS_ID'
  const common: Spec[] = [
    { name: 'id', upper: 'ID', kind: 'id', type: 'integer', title: 'ID', readOnly: true, of: row => row.id },
    { name: 'title', upper: 'TITLE', kind: 'text', type: 'string', title: 'Название', of: row => row.title },
    {
      name: 'stageId',
      upper: stageUpper,
      kind: 'text',
      type: 'crm_status',
      title: 'Стадия',
      of: row => row.stageId,
    },
    {
      name: 'stageSemanticId',
      upper: 'STAGE_SEMANTIC_ID',
      kind: 'text',
      type: 'string',
      title: 'Группа стадии',
      readOnly: true,
      of: row => row.semantic,
    },
    {
      name: 'assignedById',
      upper: 'ASSIGNED_BY_ID',
      kind: 'id',
      type: 'user',
      title: 'Ответственный',
      of: row => row.assignedById,
    },
    {
      name: 'createdBy',
      upper: 'CREATED_BY_ID',
      kind: 'id',
      type: 'user',
      title: 'Кем создана',
      readOnly: true,
      of: row => row.createdBy,
    },
    {
      name: 'updatedBy',
      upper: 'MODIFY_BY_ID',
      kind: 'id',
      type: 'user',
      title: 'Кем изменена',
      readOnly: true,
      of: row => row.updatedBy,
    },
    {
      name: 'movedBy',
      upper: 'MOVED_BY_ID',
      kind: 'id',
      type: 'user',
      title: 'Кем перемещена',
      readOnly: true,
      of: row => row.movedBy,
    },
    {
      name: 'createdTime',
      upper: 'DATE_CREATE',
      kind: 'time',
      type: 'datetime',
      title: 'Дата создания',
      readOnly: true,
      of: row => row.createdTime,
    },
    {
      name: 'updatedTime',
      upper: 'DATE_MODIFY',
      kind: 'time',
      type: 'datetime',
      title: 'Дата изменения',
      readOnly: true,
      of: row => row.updatedTime,
    },
    {
      name: 'movedTime',
      upper: 'MOVED_TIME',
      kind: 'time',
      type: 'datetime',
      title: 'Дата перемещения',
      readOnly: true,
      of: row => row.movedTime,
    },
    {
      name: 'lastActivityBy',
      upper: 'LAST_ACTIVITY_BY',
      kind: 'id',
      type: 'user',
      title: 'Последняя активность: кто',
      readOnly: true,
      of: row => row.lastActivityBy,
    },
    {
      name: 'lastActivityTime',
      upper: 'LAST_ACTIVITY_TIME',
      kind: 'time',
      type: 'datetime',
      title: 'Последняя активность',
      readOnly: true,
      of: row => row.lastActivityTime,
    },
    {
      name: 'opportunity',
      upper: 'OPPORTUNITY',
      kind: 'number',
      type: 'double',
      title: 'Сумма',
      of: row => row.opportunity,
    },
    {
      name: 'currencyId',
      upper: 'CURRENCY_ID',
      kind: 'text',
      type: 'crm_currency',
      title: 'Валюта',
      of: row => row.currencyId,
    },
    {
      name: 'isManualOpportunity',
      upper: 'IS_MANUAL_OPPORTUNITY',
      kind: 'flag',
      type: 'boolean',
      title: 'Сумма задана вручную',
      of: () => 'N',
    },
    {
      name: 'companyId',
      upper: 'COMPANY_ID',
      kind: 'id',
      type: 'crm_company',
      title: 'Компания',
      of: row => row.companyId,
    },
    {
      name: 'contactId',
      upper: 'CONTACT_ID',
      kind: 'id',
      type: 'crm_contact',
      title: 'Контакт',
      of: row => row.contactId,
    },
    {
      name: 'contactIds',
      upper: 'CONTACT_IDS',
      kind: 'list',
      type: 'crm_contact',
      title: 'Контакты',
      of: row => (row.contactId ? [row.contactId] : []),
    },
    {
      name: 'sourceId',
      upper: 'SOURCE_ID',
      kind: 'text',
      type: 'crm_status',
      title: 'Источник',
      of: row => row.sourceId,
    },
    {
      name: 'comments',
      upper: 'COMMENTS',
      kind: 'text',
      type: 'string',
      title: 'Комментарий',
      of: row => row.comments,
    },
    {
      name: 'opened',
      upper: 'OPENED',
      kind: 'flag',
      type: 'boolean',
      title: 'Доступна для всех',
      of: () => 'Y',
    },
    { name: 'observers', upper: 'OBSERVERS', kind: 'list', type: 'user', title: 'Наблюдатели', of: () => [] },
  ]
  if (entityTypeId === LEAD) return common
  const dated: Spec[] = [
    {
      name: 'categoryId',
      upper: 'CATEGORY_ID',
      kind: 'id',
      type: 'crm_category',
      title: 'Воронка',
      of: row => row.categoryId,
    },
    {
      name: 'previousStageId',
      upper: 'PREVIOUS_STAGE_ID',
      kind: 'text',
      type: 'crm_status',
      title: 'Предыдущая стадия',
      readOnly: true,
      of: row => row.previousStageId,
    },
    {
      name: 'begindate',
      upper: 'BEGINDATE',
      kind: 'day',
      type: 'date',
      title: 'Дата начала',
      of: row => row.begindate,
    },
    {
      name: 'closedate',
      upper: 'CLOSEDATE',
      kind: 'day',
      type: 'date',
      title: 'Дата завершения',
      of: row => row.closedate,
    },
  ]
  if (entityTypeId === INVOICE)
    return [
      ...common,
      ...dated,
      {
        name: 'accountNumber',
        upper: 'ACCOUNT_NUMBER',
        kind: 'text',
        type: 'string',
        title: 'Номер',
        of: row => String(row.id),
      },
      {
        name: 'parentId2',
        upper: 'PARENT_ID_2',
        kind: 'id',
        type: 'crm_deal',
        title: 'Сделка',
        of: row => row.parentId2,
        show: row => row.parentId2,
      },
      {
        name: 'mycompanyId',
        upper: 'MYCOMPANY_ID',
        kind: 'id',
        type: 'crm_company',
        title: 'Моя компания',
        of: () => 1,
      },
    ]
  return [
    ...common,
    ...dated,
    {
      name: 'typeId',
      upper: 'TYPE_ID',
      kind: 'text',
      type: 'crm_status',
      title: 'Тип',
      of: row => row.typeId,
    },
    {
      name: 'closed',
      upper: 'CLOSED',
      kind: 'flag',
      type: 'boolean',
      title: 'Закрыта',
      readOnly: true,
      of: row => yesNo(row.semantic !== 'P'),
    },
    {
      name: 'isNew',
      upper: 'IS_NEW',
      kind: 'flag',
      type: 'boolean',
      title: 'Новая',
      readOnly: true,
      of: row => yesNo(row.previousStageId === ''),
    },
    {
      name: 'isRecurring',
      upper: 'IS_RECURRING',
      kind: 'flag',
      type: 'boolean',
      title: 'Шаблон',
      readOnly: true,
      of: row => yesNo(row.isRecurring),
    },
    {
      name: 'isReturnCustomer',
      upper: 'IS_RETURN_CUSTOMER',
      kind: 'flag',
      type: 'boolean',
      title: 'Повторная',
      readOnly: true,
      of: row => yesNo(row.isReturnCustomer),
    },
    {
      name: 'isRepeatedApproach',
      upper: 'IS_REPEATED_APPROACH',
      kind: 'flag',
      type: 'boolean',
      title: 'Повторное обращение',
      readOnly: true,
      of: () => 'N',
    },
    {
      name: 'probability',
      upper: 'PROBABILITY',
      kind: 'number',
      type: 'integer',
      title: 'Вероятность',
      of: () => null,
    },
    { name: 'taxValue', upper: 'TAX_VALUE', kind: 'number', type: 'double', title: 'Налог', of: () => 0 },
    {
      name: 'utmSource',
      upper: 'UTM_SOURCE',
      kind: 'text',
      type: 'string',
      title: 'UTM Source',
      of: () => null,
    },
    { name: 'webformId', upper: 'WEBFORM_ID', kind: 'id', type: 'integer', title: 'Веб-форма', of: () => 0 },
    {
      name: 'originatorId',
      upper: 'ORIGINATOR_ID',
      kind: 'text',
      type: 'string',
      title: 'Внешний источник',
      of: () => null,
    },
    {
      name: 'parentId31',
      upper: 'PARENT_ID_31',
      kind: 'id',
      type: 'crm_entity',
      title: 'Счёт',
      of: () => null,
    },
  ]
}

/** `UF_CRM_LOSS_REASON` → `ufCrmLossReason`, `UF_CRM_1699` → `ufCrm_1699`. */
export const camelName = (upper: string): string =>
  upper
    .toLowerCase()
    .split('_')
    .map((part, index) =>
      index === 0 ? part : /^\d/.test(part) ? `_${part}` : part.charAt(0).toUpperCase() + part.slice(1),
    )
    .join('')

const customKind = (field: CustomFieldRow): FieldKind => {
  if (field.isMultiple) return 'list'
  if (field.userType === 'double' || field.userType === 'integer') return 'number'
  if (field.userType === 'boolean') return 'flag'
  if (field.userType === 'enumeration' || field.userType === 'employee') return 'id'
  return 'text'
}

const emptyValue = (field: CustomFieldRow): unknown =>
  field.isMultiple ? [] : field.userType === 'boolean' ? 'N' : field.userType === 'string' ? '' : null

const customColumn = (field: CustomFieldRow): ItemColumn => ({
  kind: customKind(field),
  of: row => (row.custom[field.fieldName] as Scalar | undefined) ?? null,
  show: row => row.custom[field.fieldName] ?? emptyValue(field),
  upperName: field.fieldName,
  type: field.userType,
  isReadOnly: false,
  title: field.labels.ru,
})

/** Columns of `crm.item.*` for one entity, in the order a full select shows them. */
export const itemColumns = (
  portal: Portal,
  entityTypeId: number,
  useOriginalNames: boolean,
): { all: Map<string, ItemColumn>; find: Columns<ItemRow> } => {
  const all = new Map<string, ItemColumn>()
  const { offsetMinutes } = portal
  for (const spec of specs(entityTypeId)) {
    const isTime = spec.kind === 'time' || spec.kind === 'day'
    all.set(spec.name, {
      kind: spec.kind,
      of: spec.of,
      show:
        spec.show ??
        (isTime
          ? row => {
              const at = spec.of(row) as number | null
              return at === null ? null : isoOf(at, offsetMinutes)
            }
          : spec.of),
      upperName: spec.upper,
      type: spec.type,
      isReadOnly: spec.readOnly ?? false,
      title: spec.title,
    })
  }
  const aliases = new Map<string, ItemColumn>()
  for (const field of portal.dictionaries.fieldsOf(entityTypeId)) {
    const column = customColumn(field)
    const camel = camelName(field.fieldName)
    all.set(useOriginalNames ? field.fieldName : camel, column)
    aliases.set(useOriginalNames ? camel : field.fieldName, column)
  }
  return { all, find: name => all.get(name) ?? aliases.get(name) }
}
