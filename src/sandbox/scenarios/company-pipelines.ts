import { DEAL, INVOICE, LEAD, type StageSpec } from '../bitrix24/state/dictionaries.ts'
import type { Portal } from '../bitrix24/state/portal.ts'
import type { Team } from './company-people.ts'

/** A stage of a story: how long it takes (working days, median) and how it ends. */
export type StageStory = StageSpec & { days?: number; loses?: number }

export type PipelineStory = {
  team: Team
  categoryId: number
  name: string
  stages: StageStory[]
  /** Median amount and its spread. */
  amount: number
  spread: number
  /** New deals per working day. */
  perDay: number
  foreignShare: number
  /** Multiplies the chance that a deal is forgotten: the head keeps an eye on large ones. */
  forgets: number
}

export const INVOICE_CATEGORY = 11

const lost = (id: string, name: string): StageStory => ({ id, name, semantic: 'F' })

export const PIPELINES: readonly PipelineStory[] = [
  {
    team: 'sales',
    categoryId: 0,
    name: 'Продажи',
    amount: 340_000,
    spread: 0.9,
    perDay: 5.2,
    foreignShare: 0.02,
    forgets: 0.9,
    stages: [
      { id: 'NEW', name: 'Новая заявка', days: 0.7, loses: 0.12, color: '#39A8EF' },
      { id: 'PREPARATION', name: 'Квалификация', days: 1.6, loses: 0.16, color: '#2FC6F6' },
      { id: 'UC_PROPOSAL', name: 'КП отправлено', days: 4.2, loses: 0.2, color: '#55D0E0' },
      { id: 'UC_APPROVAL', name: 'Согласование условий', days: 4.6, loses: 0.14, color: '#47E4C2' },
      { id: 'PREPAYMENT_INVOICE', name: 'Счёт выставлен', days: 3.2, loses: 0.08, color: '#FFA900' },
      { id: 'EXECUTING', name: 'Отгрузка', days: 3.6, loses: 0.02, color: '#FFD34E' },
      { id: 'WON', name: 'Сделка успешна', semantic: 'S' },
      lost('LOSE', 'Отказ клиента'),
      lost('APOLOGY', 'Нецелевая заявка'),
    ],
  },
  {
    team: 'key',
    categoryId: 1,
    name: 'Ключевые клиенты',
    amount: 2_600_000,
    spread: 0.8,
    perDay: 1.05,
    foreignShare: 0.12,
    forgets: 0.3,
    stages: [
      { id: 'NEW', name: 'Потребность', days: 2.2, loses: 0.1, color: '#39A8EF' },
      { id: 'UC_DISCOVERY', name: 'Обследование', days: 5, loses: 0.1, color: '#2FC6F6' },
      { id: 'UC_PILOT', name: 'Пилот', days: 8, loses: 0.14, color: '#55D0E0' },
      { id: 'UC_TENDER', name: 'Тендер', days: 7, loses: 0.25, color: '#47E4C2' },
      { id: 'UC_CONTRACT', name: 'Договор', days: 5, loses: 0.05, color: '#FFA900' },
      { id: 'EXECUTING', name: 'Поставка', days: 9, loses: 0.01, color: '#FFD34E' },
      { id: 'WON', name: 'Проект закрыт', semantic: 'S' },
      lost('LOSE', 'Проиграли тендер'),
      lost('APOLOGY', 'Проект отменён'),
    ],
  },
  {
    team: 'service',
    categoryId: 2,
    name: 'Сервис',
    amount: 58_000,
    spread: 0.7,
    perDay: 2.7,
    foreignShare: 0,
    forgets: 0.9,
    stages: [
      { id: 'NEW', name: 'Заявка', days: 0.4, loses: 0.04, color: '#39A8EF' },
      { id: 'UC_DIAGNOSTICS', name: 'Диагностика', days: 1.6, loses: 0.06, color: '#2FC6F6' },
      { id: 'UC_ESTIMATE', name: 'Смета согласуется', days: 2.4, loses: 0.12, color: '#55D0E0' },
      { id: 'UC_PARTS', name: 'Ждём запчасти', days: 5, loses: 0.03, color: '#FFA900' },
      { id: 'EXECUTING', name: 'Работы', days: 2, loses: 0.01, color: '#FFD34E' },
      { id: 'FINAL_INVOICE', name: 'Акт на подписи', days: 2.2, loses: 0, color: '#A861AB' },
      { id: 'WON', name: 'Выполнено', semantic: 'S' },
      lost('LOSE', 'Отказ от ремонта'),
    ],
  },
  {
    team: 'purchasing',
    categoryId: 3,
    name: 'Закупки',
    amount: 410_000,
    spread: 0.8,
    perDay: 1.25,
    foreignShare: 0.1,
    forgets: 0.7,
    stages: [
      { id: 'NEW', name: 'Заявка на закупку', days: 0.8, loses: 0.05, color: '#39A8EF' },
      { id: 'UC_QUOTES', name: 'Запрос цен', days: 3, loses: 0.08, color: '#2FC6F6' },
      { id: 'UC_APPROVAL', name: 'Согласование бюджета', days: 2.5, loses: 0.08, color: '#55D0E0' },
      { id: 'UC_ORDERED', name: 'Заказано', days: 3.5, loses: 0.02, color: '#FFA900' },
      { id: 'UC_TRANSIT', name: 'В пути', days: 8, loses: 0.01, color: '#FFD34E' },
      { id: 'FINAL_INVOICE', name: 'Приёмка', days: 1.2, loses: 0.01, color: '#A861AB' },
      { id: 'WON', name: 'Закупка завершена', semantic: 'S' },
      lost('LOSE', 'Отменена'),
    ],
  },
]

/** Pipelines, invoice stages, sources and the fields somebody once asked for. */
export const setUpCrm = (portal: Portal): void => {
  const { dictionaries } = portal
  for (const { categoryId, name, stages } of PIPELINES)
    dictionaries.addCategory(
      { id: categoryId, entityTypeId: DEAL, name, sort: (categoryId + 1) * 100, isDefault: categoryId === 0 },
      stages.map(({ days: _days, loses: _loses, ...stage }) => stage),
    )
  dictionaries.addCategory(
    { id: INVOICE_CATEGORY, entityTypeId: INVOICE, name: 'Общая', sort: 100, isDefault: true },
    [
      { id: 'N', name: 'Новый' },
      { id: 'S', name: 'Отправлен клиенту' },
      { id: 'P', name: 'Оплачен', semantic: 'S' },
      { id: 'D', name: 'Не оплачен', semantic: 'F' },
    ],
  )
  for (const [index, [id, name]] of [
    ['NEW', 'Не обработан'],
    ['IN_PROCESS', 'В работе'],
  ].entries())
    dictionaries.addStage(LEAD, 0, { id: id!, name: name! }, (index + 1) * 10)
  dictionaries.addStage(LEAD, 0, { id: 'CONVERTED', name: 'Качественный лид', semantic: 'S' }, 30)
  dictionaries.addStage(LEAD, 0, { id: 'JUNK', name: 'Некачественный лид', semantic: 'F' }, 40)
  for (const [index, [id, name]] of [
    ['CALL', 'Звонок'],
    ['WEB', 'Сайт'],
    ['EMAIL', 'Почта'],
    ['RECOMMENDATION', 'Рекомендация'],
    ['TRADE_SHOW', 'Выставка'],
  ].entries())
    dictionaries.addStatus('SOURCE', id!, name!, (index + 1) * 10)
  dictionaries.addStatus('DEAL_TYPE', 'SALE', 'Продажа', 10)
  dictionaries.addStatus('DEAL_TYPE', 'SERVICE', 'Услуга', 20)

  const field = (
    fieldName: string,
    userType: string,
    ru: string,
    en: string,
    more: { options?: string[]; isMandatory?: boolean } = {},
  ): void => {
    dictionaries.addCustomField({ entityTypeId: DEAL, fieldName, userType, labels: { ru, en }, ...more })
  }
  field('UF_CRM_LOSS_REASON', 'enumeration', 'Причина отказа', 'Loss reason', {
    options: [
      'Дорого',
      'Не устроили сроки',
      'Выбрали конкурента',
      'Нет бюджета',
      'Перестал отвечать',
      'Не наш профиль',
    ],
  })
  field('UF_CRM_PRODUCT_GROUP', 'enumeration', 'Товарная группа', 'Product group', {
    options: ['Насосы', 'Вентиляция', 'Автоматика', 'Арматура', 'Сервис'],
    isMandatory: true,
  })
  field('UF_CRM_DECISION_MAKER', 'string', 'Кто принимает решение', 'Decision maker')
  field('UF_CRM_DELIVERY_CITY', 'string', 'Город поставки', 'Delivery city', { isMandatory: true })
  field('UF_CRM_PAYMENT_TERMS', 'enumeration', 'Условия оплаты', 'Payment terms', {
    options: ['Предоплата 100 %', 'Предоплата 50 %', 'Отсрочка 14 дней', 'Отсрочка 30 дней'],
  })
  field('UF_CRM_TENDER_NUMBER', 'string', 'Номер тендера', 'Tender number')
  field('UF_CRM_WARRANTY', 'boolean', 'По гарантии', 'Under warranty')
  field('UF_CRM_COMPETITOR', 'string', 'Конкурент', 'Competitor')
  field('UF_CRM_OLD_CODE', 'string', 'Код из старой программы', 'Code in the old program')
}
