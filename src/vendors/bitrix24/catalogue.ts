import type { Field, Outcome, Pipeline, Rejected, Stage } from '../../records/records.ts'
import { BATCH_SIZE, type Client, type Command, type CommandResult, resultOf } from './client.ts'
import { listOf } from './envelope.ts'
import { type DealField, readDealFields } from './fields.ts'
import { DEAL_TYPE } from './manifest.ts'
import { outcomeOfSemantics } from './map.ts'
import { categoryWire, statusWire } from './wire.ts'

/** What a portal's words mean: pipelines, stages, fields. Read in one request and kept for a connection. */
export type Catalogue = {
  pipelines: Pipeline[]
  stages: Stage[]
  outcomes: ReadonlyMap<string, Outcome>
  fields: DealField[]
  rejected: Rejected[]
}

const PAGE = 50
/** Pages of the dictionary list that are asked for on suspicion, because a command costs less than a request. */
const STATUS_PAGES = 6

const statusPage = (page: number): Command => ({
  method: 'crm.status.list',
  params: { order: { SORT: 'ASC', ID: 'ASC' }, filter: {}, start: page * PAGE },
})

/** Rows of every page, without the repeats of portals that answer each page with everything. */
const pagesOf = (
  results: readonly CommandResult[],
  method: string,
): { rows: unknown[]; total: number | null } => {
  const rows = new Map<string, unknown>()
  let total: number | null = null
  for (const result of results) {
    const envelope = resultOf(result, method)
    total ??= envelope.total
    for (const row of listOf(envelope.result) ?? []) {
      const key =
        typeof row === 'object' && row !== null ? String((row as { ID?: unknown }).ID ?? rows.size) : ''
      rows.set(key, row)
    }
  }
  return { rows: [...rows.values()], total }
}

/** A list paged by offset: `first` pages at once, then as many as the total says. */
export const readOffsetList = async (
  client: Client,
  page: (index: number) => Command,
  first: readonly CommandResult[],
): Promise<unknown[]> => {
  const { method } = page(0)
  const results = [...first]
  const { total } = pagesOf(results, method)
  const pages = Math.min(2000, Math.ceil((total ?? 0) / PAGE))
  for (let from = first.length; from < pages; from += BATCH_SIZE) {
    const commands = Array.from({ length: Math.min(BATCH_SIZE, pages - from) }, (_, index) =>
      page(from + index),
    )
    results.push(...(await client.batch(commands)))
  }
  return pagesOf(results, method).rows
}

const DEAL_STAGES = /^DEAL_STAGE(?:_(\d+))?$/
const INVOICE_STAGES = /^SMART_INVOICE_STAGE_\d+$/

const readPipelines = (result: unknown, rejected: Rejected[]): Pipeline[] => {
  const holder =
    typeof result === 'object' && result !== null ? (result as { categories?: unknown }).categories : null
  return (listOf(holder ?? []) ?? []).flatMap(row => {
    const parsed = categoryWire.safeParse(row)
    if (!parsed.success) {
      rejected.push({ kind: 'pipeline', id: null, reason: 'is not a pipeline' })
      return []
    }
    const { id, name, sort, isDefault } = parsed.data
    return [{ id, name: name || id, sort: sort ?? 0, isDefault: isDefault || id === '0' }]
  })
}

const readStages = (rows: readonly unknown[], rejected: Rejected[]) => {
  const stages: Stage[] = []
  const outcomes = new Map<string, Outcome>()
  for (const row of rows) {
    const parsed = statusWire.safeParse(row)
    if (!parsed.success) {
      rejected.push({ kind: 'stage', id: null, reason: 'is not a dictionary entry' })
      continue
    }
    const { ENTITY_ID, STATUS_ID, NAME, SORT, COLOR, SEMANTICS, EXTRA } = parsed.data
    const deals = DEAL_STAGES.exec(ENTITY_ID)
    if (!deals && !INVOICE_STAGES.test(ENTITY_ID)) continue
    const outcome = outcomeOfSemantics(SEMANTICS) ?? outcomeOfSemantics(EXTRA?.SEMANTICS ?? '') ?? 'open'
    outcomes.set(STATUS_ID, outcome)
    if (!deals) continue
    stages.push({
      id: STATUS_ID,
      pipelineId: deals[1] ?? '0',
      name: NAME || STATUS_ID,
      sort: SORT ?? 0,
      outcome,
      color: COLOR || EXTRA?.COLOR || null,
    })
  }
  return { stages, outcomes }
}

const fieldsResult = (result: unknown): unknown =>
  typeof result === 'object' && result !== null ? (result as { fields?: unknown }).fields : null

export const readCatalogue = async (client: Client): Promise<Catalogue> => {
  const [categories, fields, ...statusPages] = await client.batch([
    { method: 'crm.category.list', params: { entityTypeId: DEAL_TYPE } },
    { method: 'crm.item.fields', params: { entityTypeId: DEAL_TYPE, useOriginalUfNames: 'Y' } },
    ...Array.from({ length: STATUS_PAGES }, (_, page) => statusPage(page)),
  ])
  const rejected: Rejected[] = []
  const pipelines = readPipelines(resultOf(categories, 'crm.category.list').result, rejected)
  const read = readDealFields(fieldsResult(resultOf(fields, 'crm.item.fields').result))
  const { stages, outcomes } = readStages(await readOffsetList(client, statusPage, statusPages), rejected)
  // Stages of a pipeline that the list of pipelines does not show still need a place to hang on.
  if (!pipelines.some(({ id }) => id === '0') && stages.some(({ pipelineId }) => pipelineId === '0'))
    pipelines.unshift({ id: '0', name: '0', sort: 0, isDefault: true })
  return { pipelines, stages, outcomes, fields: read.fields, rejected: [...rejected, ...read.rejected] }
}

/** The neutral part of a field. */
export const asField = ({
  id,
  title,
  type,
  isCustom,
  isRequired,
  isMultiple,
  options,
}: DealField): Field => ({
  id,
  title,
  type,
  isCustom,
  isRequired,
  isMultiple,
  options,
})
