import { z } from 'zod'
import type { LeadChange } from './account/acts.ts'
import { rotateSecret } from './oauth/integration.ts'
import type { AccountSite } from './site.ts'
import { churn } from './urls.ts'

const lever = <Schema extends z.ZodType>(
  schema: Schema,
  run: (site: AccountSite, input: z.output<Schema>) => unknown,
) => ({
  schema,
  pull: async (site: AccountSite, input: unknown): Promise<unknown> => await run(site, schema.parse(input)),
})

const id = z.int().positive()
const actor = z
  .union([z.int(), z.strictObject({ userId: z.int(), clientUuid: z.string().nullable().default(null) })])
  .default(0)
  .describe('user id; 0 = a robot; with clientUuid: an integration')
  .transform(value => (typeof value === 'number' ? { userId: value } : value))

const userOf = (site: AccountSite, userId: number) => {
  const user = site.account.users.find(userId)
  if (!user) throw new Error(`There is no user ${userId}.`)
  return user
}

const found = <T>(row: T | undefined | false, what: string): T => {
  if (!row) throw new Error(`There is no ${what}.`)
  return row
}

const leadFields = z
  .strictObject({
    name: z.string(),
    price: z.number(),
    responsibleId: z.int(),
    pipelineId: z.int(),
    statusId: z.int(),
    lossReasonId: z.int().nullable(),
    contactId: z.int().nullable(),
    createdAt: z.int(),
    fields: z.record(
      z.string().transform(Number),
      z.array(z.union([z.string(), z.number(), z.boolean()])).nullable(),
    ),
    tagsToAdd: z.array(z.string()),
    tagsToDelete: z.array(z.string()),
  })
  .partial()
  .transform(fields => fields as LeadChange)

const bend = z
  .strictObject({ signature: z.string(), accountId: z.int(), clientId: z.string() })
  .partial()
  .transform(value => value as { signature?: string; accountId?: number; clientId?: string })

/** Everything that can be done to an account from outside, by name. */
export const levers = {
  /** The marketplace's Install. */
  install: lever(z.object({ userId: id.optional() }), (site, { userId }) => site.install(userId)),
  /** Presses "allow" (or "decline") on the authorise page; answers where the browser is sent. */
  authorise: lever(
    z.object({
      userId: id.optional(),
      state: z.string().nullable().default(null),
      decline: z.boolean().default(false),
    }),
    (site, { userId, state, decline }) => ({
      location: decline ? site.declined(state) : site.authorised(userId ?? site.account.admin.id, state),
    }),
  ),
  disable: lever(bend, (site, input) => site.disable(input)),
  'send-disable-hook': lever(bend, (site, input) => site.sendDisableHook(input)),
  rename: lever(z.object({ subdomain: z.string().optional() }), (site, { subdomain }) => ({
    origin: site.rename(subdomain),
  })),
  'one-time-token': lever(
    z.object({
      userId: id,
      claims: z.record(z.string(), z.unknown()).default({}),
      alg: z.enum(['HS256', 'HS512', 'none']).default('HS256'),
      secret: z.string().optional(),
    }),
    (site, { userId, claims, alg, secret }) => ({
      token: site.oneTimeToken(userOf(site, userId), {
        claims,
        alg,
        ...(secret === undefined ? {} : { secret }),
      }),
    }),
  ),
  'rotate-secret': lever(
    z.object({ keepOld: z.boolean().default(true), secret: z.string().min(32).optional() }),
    (site, { keepOld, secret }) => ({ secret: rotateSecret(site.integration, keepOld, secret) }),
  ),
  temper: lever(
    z
      .strictObject({
        rateLimit: z.enum(['on', 'off']),
        refusalsToBlock: z.int().min(1),
        blockSeconds: z.number().min(0),
        limitBody: z.enum(['json', 'html']),
        isUnpaid: z.boolean(),
        hasWebhooks: z.boolean(),
        webhooks: z.enum(['on', 'off']),
        webhookCopies: z.int().min(0),
        eventLagSeconds: z.int().min(0),
        duplicateEvery: z.int().min(0),
        isShuffled: z.boolean(),
        prematureEnds: z.int().min(0),
        eventPassCap: z.int().nullable(),
        eventsPerPage: z.int().min(1).max(250),
        missingEventTypes: z.array(z.string()),
        hasClientUuid: z.boolean(),
      })
      .partial(),
    (site, input) => Object.assign(site.account.temper, input),
  ),
  'forgive-limits': lever(z.object({}), site => site.limit.forgive()),
  'expire-tokens': lever(z.object({}), site => ({ expired: site.desk.expireAccess() })),
  'revoke-refresh-tokens': lever(z.object({}), site => site.desk.revokeRefresh()),
  /** What the installer may do from now on, as if an ordinary user had authorised the integration. */
  'set-grant-rights': lever(z.object({ isAdmin: z.boolean() }), (site, { isAdmin }) =>
    site.desk.setRights(isAdmin),
  ),
  'add-lead': lever(z.object({ fields: leadFields, actor }), (site, input) =>
    site.acts.addLead(input.fields, input.actor),
  ),
  'update-lead': lever(z.object({ id, fields: leadFields, actor }), (site, input) =>
    found(site.acts.updateLead(input.id, input.fields, input.actor), `lead ${input.id}`),
  ),
  'move-lead': lever(
    z.object({ id, statusId: z.int(), pipelineId: z.int().optional(), actor }),
    (site, { id: leadId, statusId, pipelineId, actor: by }) =>
      found(
        site.acts.updateLead(leadId, { statusId, ...(pipelineId === undefined ? {} : { pipelineId }) }, by),
        `lead ${leadId}`,
      ),
  ),
  'delete-lead': lever(z.object({ id, actor }), (site, input) => ({
    deleted: site.acts.deleteLead(input.id, input.actor),
  })),
  'restore-lead': lever(z.object({ id, actor }), (site, input) => ({
    restored: site.acts.restoreLead(input.id, input.actor),
  })),
  /** Without a trace in the recycle bin, as a merge or a cleaning leaves none. */
  'erase-lead': lever(z.object({ id }), (site, input) => ({ erased: site.acts.eraseLead(input.id) })),
  'add-task': lever(
    z.object({
      text: z.string(),
      responsibleId: id,
      leadId: id.optional(),
      completeTill: z.int().describe('unix seconds'),
      typeId: z.int().default(1),
      actor,
    }),
    (site, { text, responsibleId, leadId, completeTill, typeId, actor: by }) =>
      site.acts.addTask(
        {
          text,
          responsibleId,
          completeTill,
          typeId,
          entityId: leadId ?? null,
          entityType: leadId === undefined ? null : 'leads',
        },
        by,
      ),
  ),
  'update-task': lever(
    z.object({
      id,
      completeTill: z.int().optional(),
      isCompleted: z.boolean().optional(),
      resultText: z.string().optional(),
      actor,
    }),
    (site, { id: taskId, actor: by, completeTill, isCompleted, resultText }) =>
      found(
        site.acts.updateTask(
          taskId,
          {
            ...(completeTill === undefined ? {} : { completeTill }),
            ...(isCompleted === undefined ? {} : { isCompleted }),
            ...(resultText === undefined ? {} : { resultText }),
          },
          by,
        ),
        `task ${taskId}`,
      ),
  ),
  'delete-task': lever(z.object({ id, actor }), (site, input) => ({
    deleted: site.acts.deleteTask(input.id, input.actor),
  })),
  'add-note': lever(
    z.object({
      entity: z.enum(['leads', 'contacts', 'companies']).default('leads'),
      entityId: id,
      noteType: z.string().default('common'),
      params: z.record(z.string(), z.unknown()).default({}),
      actor,
    }),
    (site, { actor: by, ...note }) => site.acts.addNote(note, by),
  ),
  'add-message': lever(
    z.object({ leadId: id, direction: z.enum(['in', 'out']).default('out'), actor }),
    (site, { leadId, direction, actor: by }) =>
      site.acts.addMessage({ entity: 'leads', entityId: leadId, direction, contactId: null }, by),
  ),
  'dismiss-user': lever(z.object({ id }), (site, input) => {
    userOf(site, input.id).isActive = false
  }),
  'set-user': lever(
    z.object({
      id,
      isAdmin: z.boolean().optional(),
      isFree: z.boolean().optional(),
      view: z.enum(['A', 'G', 'M', 'D']).optional(),
    }),
    (site, { id: userId, isAdmin, isFree, view }) => {
      const user = userOf(site, userId)
      if (isAdmin !== undefined) user.isAdmin = isAdmin
      if (isFree !== undefined) user.isFree = isFree
      if (view !== undefined) user.leads.view = view
      return user
    },
  ),
  'remove-status': lever(z.object({ pipelineId: id, statusId: id }), (site, { pipelineId, statusId }) => {
    const pipeline = found(site.account.pipeline(pipelineId), `pipeline ${pipelineId}`)
    const before = pipeline.statuses.length
    pipeline.statuses = pipeline.statuses.filter(status => status.id !== statusId)
    return { removed: before > pipeline.statuses.length }
  }),
  /** Lays values over a row in replies: nulls, wrong types, unknown fields. */
  disguise: lever(
    z.object({
      table: z.enum(['leads', 'tasks', 'notes', 'invoices', 'users', 'events']),
      id: z.union([z.int(), z.string()]),
      fields: z.record(z.string(), z.unknown()).nullable(),
    }),
    ({ account }, { table, id: rowId, fields }) => {
      const disguises: Map<number | string, Record<string, unknown>> = table === 'events'
        ? (account.events.disguises as Map<number | string, Record<string, unknown>>)
        : (account[table].disguises as Map<number | string, Record<string, unknown>>)
      const key = table === 'events' ? String(rowId) : Number(rowId)
      if (fields) disguises.set(key, fields)
      else disguises.delete(key)
    },
  ),
  churn: lever(z.object({ rows: z.int().min(1).default(3) }), (site, { rows }) => churn(site, rows)),
  /** Posts a webhook body by hand to what is subscribed, or to a given address. */
  'send-webhook': lever(
    z.object({ body: z.string(), url: z.url().optional(), times: z.int().min(1).max(20_000).default(1) }),
    async (site, { body, url, times }) => {
      const targets = url ? [url] : site.account.webhooks.rows.map(({ destination }) => destination)
      for (let n = 0; n < times; n++) for (const target of targets) site.webhooks.post(target, body, [])
      await site.webhooks.settled()
    },
  ),
}
