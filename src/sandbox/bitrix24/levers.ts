import { z } from 'zod'
import type { PortalSite } from './site.ts'
import { DEAL } from './state/dictionaries.ts'

const lever = <Schema extends z.ZodType>(
  schema: Schema,
  run: (site: PortalSite, input: z.output<Schema>) => unknown,
) => ({
  schema,
  pull: async (site: PortalSite, input: unknown): Promise<unknown> => await run(site, schema.parse(input)),
})

const actor = z.int().nullable().default(null).describe('user id; null = a robot')
const instant = z.iso.datetime({ offset: true }).transform(text => Date.parse(text))
const id = z.int().positive()

/** A user by id, or an error that says so. */
const userOf = (site: PortalSite, userId: number) => {
  const user = site.portal.users.find(userId)
  if (!user) throw new Error(`There is no user ${userId}.`)
  return user
}

const dealFields = z
  .object({
    title: z.string(),
    categoryId: z.int(),
    stageId: z.string(),
    assignedById: z.int(),
    opportunity: z.number(),
    currencyId: z.string(),
    closedate: instant,
    isRecurring: z.boolean(),
    custom: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .partial()

/** Everything that can be done to a portal from outside, by name. */
export const levers = {
  /** Opens the installer as the browser would and answers what it said; `finish` then does installFinish. */
  install: lever(
    z.object({ userId: id.optional(), finish: z.boolean().default(true) }),
    async (site, input) => {
      const answer = await site.install(input.userId)
      if (input.finish && answer.status < 400) site.finishInstall()
      return { status: answer.status, url: answer.frame.url, body: answer.body.slice(0, 4000) }
    },
  ),
  'install-finish': lever(z.object({}), site => site.finishInstall()),
  open: lever(
    z.object({
      userId: id.optional(),
      placement: z.string().default('DEFAULT'),
      options: z.unknown().optional(),
    }),
    async (site, { userId, placement, options }) => {
      const answer = await site.open({
        ...(userId === undefined ? {} : { userId }),
        placement,
        ...(options === undefined ? {} : { options }),
      })
      return { status: answer.status, headers: answer.headers, body: answer.body }
    },
  ),
  update: lever(z.object({}), site => site.updateApp()),
  uninstall: lever(z.object({ clean: z.boolean().default(false) }), (site, { clean }) =>
    site.uninstall(clean),
  ),
  rename: lever(z.object({}), async site => ({ origin: await site.rename() })),
  temper: lever(
    z
      .object({
        rateLimit: z.enum(['standard', 'enterprise', 'off']),
        operatingLimit: z.number(),
        operatingCost: z.number().nullable(),
        operatingCosts: z.record(z.string(), z.number()),
        history: z.enum(['append', 'erase']),
        historyAsText: z.boolean(),
        isSuspended: z.boolean(),
        isDeleted: z.boolean(),
        isOverloaded: z.boolean(),
        barredUsers: z.array(z.int()),
        events: z.enum(['on', 'off']),
        eventCopies: z.int().min(0),
        eventNames: z.enum(['upper', 'camel']),
        eventsNameUser: z.boolean(),
        missingMethods: z.array(z.string()),
      })
      .partial()
      .strict(),
    (site, input) => Object.assign(site.portal.temper, input),
  ),
  events: lever(z.object({ on: z.boolean() }), (site, { on }) => {
    site.portal.temper.events = on ? 'on' : 'off'
  }),
  'expire-tokens': lever(z.object({}), site => ({ expired: site.expireTokens() })),
  'revoke-refresh-tokens': lever(z.object({}), site => site.revokeRefreshTokens()),
  'add-deal': lever(z.object({ fields: dealFields, actor }), (site, input) =>
    site.acts.addItem(DEAL, input.fields, input.actor),
  ),
  'update-deal': lever(z.object({ id, fields: dealFields, actor }), (site, input) => {
    if (!site.acts.updateItem(DEAL, input.id, input.fields, input.actor))
      throw new Error(`There is no deal ${input.id}.`)
    return site.portal.deals.find(input.id)
  }),
  'move-deal': lever(
    z.object({ id, stageId: z.string(), categoryId: z.int().optional(), actor }),
    (site, input) => {
      const { stageId, categoryId } = input
      const change = categoryId === undefined ? { stageId } : { stageId, categoryId }
      if (!site.acts.updateItem(DEAL, input.id, change, input.actor))
        throw new Error(`There is no deal ${input.id}.`)
      return site.portal.deals.find(input.id)
    },
  ),
  'delete-deal': lever(z.object({ id, actor }), (site, input) => ({
    deleted: site.acts.deleteItem(DEAL, input.id, input.actor),
  })),
  'add-activity': lever(
    z.object({
      dealId: id,
      typeId: z.int().default(6),
      providerId: z.string().default('CRM_TODO'),
      providerTypeId: z.string().default('TODO'),
      direction: z.int().default(0),
      completed: z.boolean().default(false),
      deadline: instant.nullable().default(null),
      start: instant.nullable().default(null),
      end: instant.nullable().default(null),
      responsibleId: id,
      subject: z.string().default('Дело'),
      actor,
    }),
    (site, input) =>
      site.acts.addActivity(
        {
          ownerId: input.dealId,
          typeId: input.typeId,
          providerId: input.providerId,
          providerTypeId: input.providerTypeId,
          direction: input.direction,
          status: input.completed ? 2 : 1,
          deadline: input.deadline,
          startTime: input.start,
          endTime: input.end,
          responsibleId: input.responsibleId,
          subject: input.subject,
        },
        input.actor,
      ),
  ),
  'complete-activity': lever(z.object({ id, actor }), (site, input) =>
    site.acts.updateActivity(input.id, { status: 2 }, input.actor),
  ),
  'add-task': lever(
    z.object({
      title: z.string(),
      responsibleId: id,
      dealId: id.optional(),
      deadline: instant.nullable().default(null),
      actor,
    }),
    (site, input) =>
      site.acts.addTask(
        {
          title: input.title,
          responsibleId: input.responsibleId,
          deadline: input.deadline,
          crm: input.dealId === undefined ? [] : [`D_${input.dealId}`],
        },
        input.actor,
      ),
  ),
  'update-task': lever(
    z.object({ id, status: z.int().optional(), deadline: instant.nullable().optional(), actor }),
    (site, { id: taskId, status, deadline, actor: by }) =>
      site.acts.updateTask(
        taskId,
        { ...(status === undefined ? {} : { status }), ...(deadline === undefined ? {} : { deadline }) },
        by,
      ),
  ),
  'delete-task': lever(z.object({ id, actor }), (site, input) => ({
    deleted: site.acts.deleteTask(input.id, input.actor),
  })),
  'dismiss-user': lever(z.object({ id }), (site, input) => {
    userOf(site, input.id).isActive = false
  }),
  'demote-user': lever(z.object({ id, isAdmin: z.boolean().default(false) }), (site, input) => {
    userOf(site, input.id).isAdmin = input.isAdmin
  }),
  'remove-stage': lever(z.object({ stageId: z.string() }), (site, input) => ({
    removed: site.portal.dictionaries.removeStage(input.stageId),
  })),
  /** Lays values over a row in replies: nulls, wrong types, unknown fields. */
  disguise: lever(
    z.object({
      table: z.enum(['deals', 'history', 'activities', 'tasks', 'invoices', 'users']),
      id,
      fields: z.record(z.string(), z.unknown()).nullable(),
    }),
    ({ portal }, { table, id: rowId, fields }) => {
      const { disguises } = {
        deals: portal.deals,
        history: portal.dealHistory,
        activities: portal.activities,
        tasks: portal.tasks,
        invoices: portal.invoices,
        users: portal.users,
      }[table]
      if (fields) disguises.set(rowId, fields)
      else disguises.delete(rowId)
    },
  ),
  churn: lever(z.object({ rows: z.int().min(1).default(3) }), (site, { rows }) => site.churn(rows)),
  /** Sends an event by hand; `auth` overrides what would be honest. */
  'send-event': lever(
    z.object({
      event: z.string(),
      data: z.record(z.string(), z.unknown()).default({}),
      auth: z.record(z.string(), z.unknown()).default({}),
      times: z.int().min(1).max(20_000).default(1),
    }),
    async (site, { event, data, auth, times }) => {
      for (let n = 0; n < times; n++) site.sendEvent(event, data, auth)
      await site.events.settled()
    },
  ),
}
