import { afterAll, beforeAll } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import { addUser } from '../../src/sandbox/bitrix24/people.ts'
import type { PortalSite } from '../../src/sandbox/bitrix24/site.ts'
import { DEAL } from '../../src/sandbox/bitrix24/state/dictionaries.ts'
import type { Portal, Temper } from '../../src/sandbox/bitrix24/state/portal.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'

/** A clock that stands still until it is told to go on. */
export const heldClock = (
  start = Date.parse('2026-08-14T09:00:00Z'),
): Clock & { advance(ms: number): void } => {
  let now = start
  return {
    now: () => new Date(now),
    sleep: async ms => {
      now += ms
    },
    advance: ms => {
      now += ms
    },
  }
}

export const ADMIN = 1
export const HEAD = 2
export const EMPLOYEE = 3

/** An administrator, a head, one employee; one pipeline; `deals` deals of the employee and the head in turn. */
export const fillSmall =
  (deals: number) =>
  (portal: Portal): void => {
    const now = portal.now()
    addUser(portal, { name: 'Анна', lastName: 'Админ', isAdmin: true, departments: [1] })
    addUser(portal, { name: 'Глеб', lastName: 'Глава', departments: [2] })
    addUser(portal, { name: 'Егор', lastName: 'Егоров', departments: [2] })
    portal.departments.add({ name: 'Фирма', sort: 100, parentId: null, headId: null })
    portal.departments.add({ name: 'Продажи', sort: 200, parentId: 1, headId: HEAD })
    portal.dictionaries.addCategory({ id: 0, entityTypeId: DEAL, name: 'Общая', sort: 10, isDefault: true }, [
      { id: 'NEW', name: 'Новая' },
      { id: 'WORK', name: 'В работе' },
      { id: 'WON', name: 'Успех', semantic: 'S' },
      { id: 'LOSE', name: 'Отказ', semantic: 'F' },
    ])
    portal.dictionaries.addCategory({ id: 3, entityTypeId: DEAL, name: 'Сервис', sort: 20 }, [
      { id: 'NEW', name: 'Заявка' },
      { id: 'WON', name: 'Готово', semantic: 'S' },
      { id: 'LOSE', name: 'Отмена', semantic: 'F' },
    ])
    portal.dictionaries.addCustomField({
      entityTypeId: DEAL,
      fieldName: 'UF_CRM_REASON',
      userType: 'enumeration',
      labels: { ru: 'Причина', en: 'Reason' },
      options: ['Дорого', 'Сроки'],
    })
    for (let n = 0; n < deals; n++) {
      const at = now - (deals - n) * 60_000
      const owner = n % 2 === 0 ? EMPLOYEE : HEAD
      portal.deals.add({
        title: `Сделка ${n + 1}`,
        typeId: 'SALE',
        categoryId: 0,
        stageId: 'NEW',
        semantic: 'P',
        previousStageId: '',
        assignedById: owner,
        createdBy: owner,
        updatedBy: owner,
        movedBy: owner,
        lastActivityBy: owner,
        createdTime: at,
        updatedTime: at,
        movedTime: at,
        lastActivityTime: at,
        begindate: null,
        closedate: null,
        opportunity: 1000 + n,
        currencyId: 'RUB',
        companyId: 0,
        contactId: 0,
        sourceId: '',
        comments: '',
        isRecurring: false,
        isReturnCustomer: false,
        parentId2: null,
        custom: {},
      })
      portal.dealHistory.add({
        typeId: 1,
        ownerId: n + 1,
        createdTime: at,
        categoryId: 0,
        stageId: 'NEW',
        semantic: 'P',
      })
    }
  }

/** A reply as it was parsed: tests look into it, they do not type it. */
export type Loose = ReturnType<typeof JSON.parse>

export type Reply = { status: number; body: Record<string, Loose>; text: string; headers: Headers }

export const call = async (
  site: PortalSite,
  method: string,
  params: Record<string, unknown> = {},
  token: string | null = null,
): Promise<Reply> => {
  const response = await fetch(`${site.portal.clientEndpoint}${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(token === null ? params : { ...params, auth: token }),
    redirect: 'manual',
  })
  const text = await response.text()
  let body: Record<string, Loose> = {}
  try {
    body = JSON.parse(text) as Record<string, Loose>
  } catch {}
  return { status: response.status, body, text, headers: response.headers }
}

export type Stage = {
  sandbox: Sandbox
  site: PortalSite
  clock: ReturnType<typeof heldClock>
  /** Calls as the administrator. */
  ask(method: string, params?: Record<string, unknown>): Promise<Reply>
  as(userId: number, method: string, params?: Record<string, unknown>): Promise<Reply>
  batch(cmd: Record<string, string> | string[], more?: Record<string, unknown>): Promise<Reply>
}

/** Starts one portal for a file of tests; the application is installed on it. */
export const stagePortal = (
  deals = 120,
  temper: Partial<Temper> = { rateLimit: 'off' },
  more: SandboxOptions = {},
): Stage => {
  const stage = {} as Stage
  beforeAll(async () => {
    const clock = heldClock()
    const sandbox = await startSandbox({
      clock,
      ...more,
      bitrix24: { ...more.bitrix24, portals: [{ name: 'acme', fill: fillSmall(deals), temper }] },
    })
    const site = sandbox.bitrix24.site()
    site.addApp()
    site.finishInstall()
    Object.assign(stage, {
      sandbox,
      site,
      clock,
      ask: (method, params) => call(site, method, params, site.tokensOf(ADMIN).access),
      as: (userId, method, params) => call(site, method, params, site.tokensOf(userId).access),
      batch: (cmd, rest = {}) => call(site, 'batch', { cmd, ...rest }, site.tokensOf(ADMIN).access),
    } satisfies Stage)
  })
  afterAll(async () => {
    await stage.sandbox?.stop()
  })
  return stage
}
