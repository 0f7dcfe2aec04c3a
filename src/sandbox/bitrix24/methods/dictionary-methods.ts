import { asMap, param, paramInt, paramList, paramMap, paramText, phpInt } from '../rest/params.ts'
import { badArgument, RestError, wordless } from '../rest/rest-error.ts'
import { LEAD } from '../state/dictionaries.ts'
import { PAGE } from '../state/query.ts'
import type { CustomFieldRow, StatusRow } from '../state/rows.ts'
import type { Methods } from './method.ts'

const CRM = ['crm'] as const

const statusShown = (row: StatusRow): Record<string, unknown> => ({
  ID: String(row.id),
  ENTITY_ID: row.entityId,
  STATUS_ID: row.statusId,
  NAME: row.name,
  NAME_INIT: row.isSystem ? row.name : '',
  SORT: String(row.sort),
  SYSTEM: row.isSystem ? 'Y' : 'N',
  CATEGORY_ID: row.categoryId === null ? null : String(row.categoryId),
  COLOR: row.color,
  SEMANTICS: row.semantic,
  ...(row.extra ? { EXTRA: { SEMANTICS: row.extra, COLOR: row.color } } : {}),
})

const fieldShown = (row: CustomFieldRow, language: string): Record<string, unknown> => {
  const label = language ? { [language]: language === 'en' ? row.labels.en : row.labels.ru } : null
  return {
    ID: String(row.id),
    ENTITY_ID: 'CRM_DEAL',
    FIELD_NAME: row.fieldName,
    USER_TYPE_ID: row.userType,
    XML_ID: null,
    SORT: String(row.sort),
    MULTIPLE: row.isMultiple ? 'Y' : 'N',
    MANDATORY: row.isMandatory ? 'Y' : 'N',
    SHOW_FILTER: 'E',
    SHOW_IN_LIST: 'Y',
    EDIT_IN_LIST: 'Y',
    SETTINGS: { DEFAULT_VALUE: null },
    ...(label
      ? {
          EDIT_FORM_LABEL: label[language],
          LIST_COLUMN_LABEL: label[language],
          LIST_FILTER_LABEL: label[language],
        }
      : {}),
    ...(row.options.length > 0
      ? {
          LIST: row.options.map(option => ({
            ID: String(option.id),
            SORT: String(option.sort),
            VALUE: option.value,
            DEF: 'N',
          })),
        }
      : {}),
  }
}

export const dictionaryMethods: Methods = {
  'crm.category.list': {
    scopes: CRM,
    run: ({ portal, params }) => {
      const entityTypeId = paramInt(params, 'entityTypeId')
      if (!entityTypeId) throw badArgument('entityTypeId')
      if (entityTypeId === LEAD)
        throw new RestError(400, 'ENTITY_TYPE_NOT_SUPPORTED', 'Entity type is not supported')
      const categories = portal.dictionaries.categories
        .filter(row => row.entityTypeId === entityTypeId)
        .map(row => ({
          id: row.id,
          name: row.name,
          sort: row.sort,
          entityTypeId: row.entityTypeId,
          isDefault: row.isDefault ? 'Y' : 'N',
          originId: '',
          originatorId: '',
        }))
      return { result: { categories }, total: categories.length }
    },
  },
  'crm.status.list': {
    scopes: CRM,
    run: ({ portal, params }) => {
      const filter = paramMap(params, 'filter')
      const wanted = ['ENTITY_ID', '@ENTITY_ID', '=ENTITY_ID'].flatMap(name => paramList(filter, name))
      const rows = portal.dictionaries.statuses.filter(
        row => wanted.length === 0 || wanted.includes(row.entityId),
      )
      const [by] = Object.entries(paramMap(params, 'order'))
      const sign = String(by?.[1]).toUpperCase() === 'DESC' ? -1 : 1
      rows.sort((a, b) =>
        by?.[0] === 'ID' ? (a.id - b.id) * sign : (a.sort - b.sort) * (by ? sign : 1) || a.id - b.id,
      )
      const start = phpInt(param(params, 'start'))
      const from = Math.max(0, Math.floor(start / PAGE) * PAGE)
      const result = rows.slice(from, from + PAGE).map(statusShown)
      if (start < 0) return { result }
      return { result, total: rows.length, ...(from + PAGE < rows.length ? { next: from + PAGE } : {}) }
    },
  },
  'crm.status.entity.types': {
    scopes: CRM,
    run: ({ portal }) => ({
      result: [...new Set(portal.dictionaries.statuses.map(row => row.entityId))].map(id => ({
        ID: id,
        NAME: id,
      })),
    }),
  },
  'crm.currency.base.get': { scopes: CRM, run: ({ portal }) => ({ result: portal.currency }) },
  'crm.currency.list': {
    scopes: CRM,
    run: ({ portal }) => {
      const rates: Record<string, string> = { RUB: '1.0000', USD: '90.0000', EUR: '98.0000' }
      const base = Number(rates[portal.currency] ?? 1)
      const result = Object.entries(rates).map(([code, rate], index) => ({
        CURRENCY: code,
        AMOUNT_CNT: '1',
        AMOUNT: (Number(rate) / base).toFixed(4),
        SORT: String((index + 1) * 100),
        BASE: code === portal.currency ? 'Y' : 'N',
      }))
      return { result, total: result.length }
    },
  },
  'crm.type.list': { scopes: CRM, needsAdmin: true, run: () => ({ result: { types: [] }, total: 0 }) },
  'crm.deal.userfield.list': {
    scopes: CRM,
    needsAdmin: true,
    run: ({ portal, params }) => {
      const filter = paramMap(params, 'filter')
      const language = paramText(filter, 'LANG')
      const name = paramText(filter, 'FIELD_NAME')
      const rows = portal.dictionaries.fieldsOf(2).filter(row => !name || row.fieldName === name)
      return { result: rows.map(row => fieldShown(row, language)), total: rows.length }
    },
  },
  'crm.deal.userfield.add': {
    scopes: CRM,
    needsAdmin: true,
    run: ({ portal, params }) => {
      const fields = paramMap(params, 'fields')
      const userType = paramText(fields, 'USER_TYPE_ID')
      const given = paramText(fields, 'FIELD_NAME').toUpperCase()
      if (!userType) throw wordless("The field 'USER_TYPE_ID' is required.")
      if (!/^[A-Z0-9_]+$/.test(given)) throw wordless('Invalid field name.')
      const fieldName = given.startsWith('UF_CRM_') ? given : `UF_CRM_${given}`
      if (fieldName.length > 50) throw wordless('Field name is too long (50 characters at most).')
      if (portal.dictionaries.fieldsOf(2).some(row => row.fieldName === fieldName))
        throw wordless(`Field ${fieldName} for entity CRM_DEAL already exists.`)
      const label = param(fields, 'EDIT_FORM_LABEL')
      const labels = asMap(label)
      const text = typeof label === 'string' ? label : ''
      const options = Object.values(asMap(param(fields, 'LIST'))).map(option =>
        String(asMap(option)['VALUE'] ?? ''),
      )
      const row = portal.dictionaries.addCustomField({
        entityTypeId: 2,
        fieldName,
        userType,
        labels: {
          ru: String(labels['ru'] ?? (text || fieldName)),
          en: String(labels['en'] ?? (text || fieldName)),
        },
        isMultiple: param(fields, 'MULTIPLE') === 'Y',
        isMandatory: param(fields, 'MANDATORY') === 'Y',
        options: options.filter(Boolean),
      })
      return { result: row.id }
    },
  },
}
