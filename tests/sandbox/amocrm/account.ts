import { afterAll, beforeAll } from 'vitest'
import type { Account, Temper } from '../../../src/sandbox/amocrm/account/account.ts'
import type { AccountSetup } from '../../../src/sandbox/amocrm/sandbox.ts'
import type { AccountSite } from '../../../src/sandbox/amocrm/site.ts'
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts'
import { heldClock } from '../portal.ts'

export const PIPELINE = 100
export const [FIRST, SECOND_STAGE, THIRD] = [110, 120, 130]

const rights = (view: 'A' | 'G' | 'M') => ({ view, edit: view, add: 'A', delete: 'D', export: 'D' }) as const
const person = { email: '', lang: 'ru', roleId: null, isFree: false, isActive: true } as const

/** An administrator, a head and an employee of one group, an employee of another; `leads` leads in turn. */
export const fillSmall =
  (leads: number) =>
  (account: Account): void => {
    account.groups.push({ id: 0, name: 'Администрация' }, { id: 5, name: 'Продажи' }, { id: 6, name: 'Опт' })
    account.users.add({ ...person, name: 'Анна Админ', groupId: 0, isAdmin: true, leads: rights('A') })
    account.users.add({ ...person, name: 'Глеб Глава', groupId: 5, isAdmin: false, leads: rights('G') })
    account.users.add({ ...person, name: 'Егор Егоров', groupId: 5, isAdmin: false, leads: rights('M') })
    account.users.add({ ...person, name: 'Инна Иная', groupId: 6, isAdmin: false, leads: rights('M') })
    account.addPipeline({ id: PIPELINE, name: 'Продажи', sort: 1, isMain: true }, [
      { id: FIRST, name: 'Первый' },
      { id: SECOND_STAGE, name: 'Второй' },
      { id: THIRD, name: 'Третий' },
    ])
    const [, head, employee, other] = account.users.rows
    const owners = [head!.id, employee!.id, other!.id]
    const now = account.now()
    for (let n = 0; n < leads; n++) {
      const owner = owners[n % owners.length]!
      const createdAt = now - (leads - n) * 60
      const lead = account.leads.add({
        name: `Сделка ${n + 1}`,
        price: 1000 * (n + 1),
        responsibleId: owner,
        statusId: FIRST,
        pipelineId: PIPELINE,
        lossReasonId: null,
        createdBy: owner,
        updatedBy: owner,
        createdAt,
        updatedAt: createdAt,
        closedAt: null,
        isDeleted: false,
        tagIds: [],
        contactId: null,
        companyId: null,
        fields: {},
      })
      account.events.add({
        type: 'lead_added',
        entityId: lead.id,
        entityType: 'lead',
        createdBy: owner,
        createdAt,
      })
    }
  }

export type Body = {
  _page?: number
  _total_items?: number
  _links?: { next?: { href: string } }
  _embedded: Record<string, Record<string, unknown>[]>
}
export type Answered = { status: number; type: string; text: string; body: Body & Record<string, unknown> }

export type Stage = {
  sandbox: Sandbox
  site: AccountSite
  account: Account
  clock: ReturnType<typeof heldClock>
  /** Asks as the administrator, or with another token. */
  ask(
    path: string,
    init?: { method?: string; body?: unknown; token?: string; headers?: Record<string, string> },
  ): Promise<Answered>
  tokenOf(userId: number): string
}

/** A sandbox with one small account and a clock that stands still. */
export const stageAccount = (
  leads: number,
  setup: Partial<AccountSetup> = {},
  temper: Partial<Temper> = { rateLimit: 'off' },
): Stage => {
  const stage = {} as Stage
  beforeAll(async () => {
    const clock = heldClock()
    const sandbox = await startSandbox({
      clock,
      amocrm: { accounts: [{ name: 'small', fill: fillSmall(leads), temper, ...setup }] },
    })
    const site = sandbox.amocrm.site()
    const { account } = site
    const { clientId } = sandbox.amocrm.integration
    const tokenOf = (userId: number): string =>
      site.desk.issue({
        accountId: account.accountId,
        clientId,
        userId,
        isAdmin: account.users.find(userId)?.isAdmin ?? false,
      }).access_token
    const admin = tokenOf(account.admin.id)
    const ask: Stage['ask'] = async (path, { method = 'GET', body, token = admin, headers = {} } = {}) => {
      const response = await fetch(`${site.origin}/api/v4/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const type = response.headers.get('content-type') ?? ''
      return {
        status: response.status,
        type,
        text,
        body: type.includes('json') ? JSON.parse(text) : ({} as Body),
      }
    }
    Object.assign(stage, { sandbox, site, account, clock, ask, tokenOf })
  })
  afterAll(async () => {
    await stage.sandbox?.stop()
  })
  return stage
}
