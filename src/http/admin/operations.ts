import { z } from 'zod'
import { AppError, badRequest, notFound } from '../../errors.ts'
import { settingsPatchSchema, settingsSchema } from '../../records/settings.ts'
import type { Operation } from '../api/route.ts'
import type {
  DigestMessage,
  Installation,
  Installations,
  MetricInfo,
  PortalData,
  SnapshotInfo,
  Snapshots,
} from '../deps.ts'
import { FORMATS, type Format, writeTable } from '../exports/formats.ts'
import {
  ABSENT_TABLES,
  isPartTable,
  MOVES_COLUMNS,
  PART_TABLES,
  type PartTableName,
  type Row,
  TABLE_NAMES,
} from '../exports/tables.ts'
import { refuseBlindSwitch, type WriteBackDeps } from '../write-back-desk.ts'
import {
  type AdminInstallation,
  adminInstallationSchema,
  adminMessageSchema,
  adminSnapshotSchema,
  asOfBody,
  metricListSchema,
  notifyBody,
  runSchema,
  syncBody,
} from './schema.ts'
import { adminWriteBackOperations } from './write-back-operations.ts'

export type AdminDeps = {
  clock: { now(): Date }
  installations: Installations
  snapshots: Snapshots
  data: PortalData
  metrics: readonly MetricInfo[]
  queue: {
    /** @returns id of the run */
    sync(installationId: string, options: { full: boolean }): Promise<string>
    /** Builds and stores; resolves when done. */
    snapshot(installationId: string, asOf: Date): Promise<void>
  }
  /** State of reading the CRM, for operators. */
  syncReport(installationId: string): Promise<AdminInstallation['sync']>
  sendDigests(given: { installationId: string; asOf: Date; dryRun: boolean }): Promise<DigestMessage[]>
}

export const adminOperations = (deps: AdminDeps & WriteBackDeps): Operation<null>[] => {
  const { installations, snapshots, data, clock } = deps

  /** @throws AppError 404 `installation_not_found` */
  const load = async (id: string | undefined): Promise<Installation> => {
    const installation = await installations.find(String(id))
    if (!installation)
      throw notFound('installation_not_found', 'There is no such installation; list them first')
    return installation
  }

  /** An instant that is not ahead of us: a snapshot must not claim to know the future. */
  const pastInstant = (text: string): Date => {
    const asOf = new Date(text)
    if (asOf.getTime() > clock.now().getTime())
      throw badRequest('as_of_in_future', 'asOf lies in the future; give an instant that has passed')
    return asOf
  }

  const snapshotAt = async (id: string, asOf: string | undefined): Promise<SnapshotInfo> => {
    const snapshot = asOf === undefined ? await snapshots.latest(id) : await snapshots.at(id, new Date(asOf))
    if (!snapshot)
      throw notFound('snapshot_not_found', 'No snapshot was built for this instant; POST …/snapshot first')
    return snapshot
  }

  const partRows = async (
    id: string,
    snapshot: SnapshotInfo,
    name: PartTableName,
  ): Promise<Iterable<Row>> => {
    const table = PART_TABLES[name]
    const content = await snapshots.part(id, snapshot.asOf, table.part)
    if (content === null) throw notFound('snapshot_not_found', 'This snapshot was stored without this table')
    return table.rows(content as never, snapshot.asOf)
  }

  async function* moveRows(id: string, asOf: Date): AsyncGenerator<Row> {
    for await (const move of data.moves(id, asOf))
      yield [
        move.dealId,
        move.fromPipelineId,
        move.fromStageId,
        move.toPipelineId,
        move.toStageId,
        move.at,
        move.responsibleId,
        move.movedBy,
      ]
  }

  const view = async (installation: Installation): Promise<AdminInstallation> => ({
    id: installation.id,
    vendor: installation.vendor,
    portal: installation.address.host,
    status: installation.status,
    sync: await deps.syncReport(installation.id),
  })

  return [
    {
      method: 'get',
      path: '/admin/v1/installations',
      summary: 'Every installation with the state of its sync',
      answer: z.array(adminInstallationSchema),
      handle: async () => {
        const found: AdminInstallation[] = []
        for (const installation of await installations.list()) found.push(await view(installation))
        return found
      },
    },
    {
      method: 'get',
      path: '/admin/v1/installations/:id',
      summary: 'One installation',
      answer: adminInstallationSchema,
      problems: ['installation_not_found'],
      handle: async ({ params }) => view(await load(params.id)),
    },
    {
      method: 'post',
      path: '/admin/v1/installations/:id/sync',
      summary: 'Starts reading the CRM; watch sync.run and sync.outcome',
      body: syncBody,
      answer: runSchema,
      status: 202,
      problems: ['installation_not_found', 'installation_inactive'],
      handle: async ({ params, body }) => {
        const installation = await load(params.id)
        if (installation.status === 'uninstalled')
          throw new AppError(409, 'installation_inactive', 'The app was removed from this portal')
        const { full } = syncBody.parse(body)
        return { run: await deps.queue.sync(installation.id, { full }) }
      },
    },
    {
      method: 'post',
      path: '/admin/v1/installations/:id/snapshot',
      summary: 'Computes and stores the snapshot for an instant; answers when done',
      body: asOfBody,
      answer: adminSnapshotSchema,
      problems: ['installation_not_found', 'as_of_in_future'],
      handle: async ({ params, body }) => {
        const installation = await load(params.id)
        const asOf = pastInstant(asOfBody.parse(body).asOf)
        await deps.queue.snapshot(installation.id, asOf)
        return snapshotRow(await snapshotAt(installation.id, asOf.toISOString()))
      },
    },
    {
      method: 'get',
      path: '/admin/v1/installations/:id/snapshots',
      summary: 'The stored snapshots, newest first',
      answer: z.array(adminSnapshotSchema),
      problems: ['installation_not_found'],
      handle: async ({ params }) => {
        const installation = await load(params.id)
        return (await snapshots.list(installation.id)).map(snapshotRow)
      },
    },
    {
      method: 'post',
      path: '/admin/v1/installations/:id/notify',
      summary: 'Sends the digests of a snapshot, each recipient at most once per portal day; or shows them',
      body: notifyBody,
      answer: z.array(adminMessageSchema),
      problems: ['installation_not_found', 'snapshot_not_found', 'as_of_in_future'],
      handle: async ({ params, body }) => {
        const installation = await load(params.id)
        const given = notifyBody.parse(body)
        const asOf =
          given.asOf === undefined
            ? (await snapshotAt(installation.id, undefined)).asOf
            : pastInstant(given.asOf)
        if (!(await snapshots.before(installation.id, asOf)))
          throw notFound('snapshot_not_found', 'No snapshot speaks of this instant; POST …/snapshot first')
        const messages = await deps.sendDigests({
          installationId: installation.id,
          asOf,
          dryRun: given.dryRun,
        })
        return messages.map(({ userId, role, channel, text, dealIds }) => ({
          userId,
          role,
          channel,
          text,
          dealIds,
        }))
      },
    },
    {
      method: 'get',
      path: '/admin/v1/installations/:id/settings',
      summary: 'The portal’s settings',
      answer: settingsSchema,
      problems: ['installation_not_found'],
      handle: async ({ params }) => (await load(params.id)).settings,
    },
    {
      method: 'patch',
      path: '/admin/v1/installations/:id/settings',
      summary: 'Changes settings, merged one level deep',
      body: settingsPatchSchema,
      answer: settingsSchema,
      problems: ['installation_not_found', 'invalid_value', 'preview_required'],
      handle: async ({ params, body }) => {
        const installation = await load(params.id)
        const patch = settingsPatchSchema.parse(body)
        refuseBlindSwitch(installation.settings, patch)
        return installations.patchSettings(installation.id, patch, 'operator')
      },
    },
    {
      method: 'get',
      path: '/admin/v1/installations/:id/metrics',
      summary: 'The catalogue of metrics with formula, needs and how far each is measured in this portal',
      answer: metricListSchema,
      problems: ['installation_not_found'],
      handle: async ({ params }) => {
        const installation = await load(params.id)
        const latest = await snapshots.latest(installation.id)
        const states = latest ? await snapshots.part(installation.id, latest.asOf, 'catalogue') : null
        const byMetric = new Map((states ?? []).map(state => [state.metric, state]))
        return deps.metrics.map(metric => ({
          ...metric,
          offReason: byMetric.get(metric.metric)?.offReason ?? null,
          coverage: byMetric.get(metric.metric)?.coverage ?? null,
        }))
      },
    },
    {
      method: 'get',
      path: '/admin/v1/metrics',
      summary: 'The catalogue of metrics with formula and needs',
      answer: metricListSchema,
      handle: async () => deps.metrics,
    },
    {
      method: 'get',
      path: '/admin/v1/installations/:id/export/:file',
      summary: `A table as a file: {table}.{format}; tables ${TABLE_NAMES.join(', ')}; formats ${FORMATS.join(', ')}`,
      query: z.object({ asOf: z.iso.datetime({ offset: true }).optional() }),
      answer: null,
      media: [
        'text/csv',
        'application/json',
        'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      ],
      problems: [
        'installation_not_found',
        'snapshot_not_found',
        'table_not_available',
        'format_not_available',
      ],
      handle: async ({ params, query, res }) => {
        const installation = await load(params.id)
        const [, table = '', format = ''] = /^([^.]*)\.?(.*)$/.exec(String(params.file)) ?? []
        const isMoves = table === 'moves'
        if (!isMoves && !isPartTable(table))
          throw notFound(
            'table_not_available',
            ABSENT_TABLES.includes(table)
              ? 'This table is not filled yet'
              : `There is no such table; there are ${TABLE_NAMES.join(', ')}`,
          )
        const known = FORMATS.find(name => name === format)
        if (known === undefined)
          throw notFound('format_not_available', `There is no such format; there are ${FORMATS.join(', ')}`)
        const snapshot = await snapshotAt(installation.id, query.asOf)
        if (isMoves)
          return writeTable(res, known, table, MOVES_COLUMNS, moveRows(installation.id, snapshot.asOf))
        const name = table as PartTableName
        const rows = await partRows(installation.id, snapshot, name)
        return writeTable(res, known as Format, name, PART_TABLES[name].columns, rows)
      },
    },
    ...adminWriteBackOperations(deps, load),
  ]
}

const snapshotRow = ({ asOf, builtAt, rulesVersion, coverage }: SnapshotInfo) => ({
  asOf: asOf.toISOString(),
  builtAt: builtAt.toISOString(),
  rulesVersion,
  coverage,
})
