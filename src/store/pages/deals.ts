import { sql } from 'kysely'
import type { Deal } from '../../records/records.ts'
import type { TableSpec } from './upsert.ts'

const FACTS = ['responsible_id', 'amount', 'currency', 'close_on', 'fields']
const listOf = (prefix: string) => sql.raw(FACTS.map(name => `${prefix}${name}`).join(', '))

/** Deals; the facts that carry no date of their own are kept as versions, one whenever they changed. */
export const dealsSpec: TableSpec<Deal> = {
  table: 'deals',
  key: 'deal_id',
  dealIds: 'array[i.deal_id]',
  keepsDeleted: true,
  columns: [
    { name: 'deal_id', type: 'text', of: deal => deal.id },
    { name: 'title', type: 'text', of: deal => deal.title },
    { name: 'pipeline_id', type: 'text', of: deal => deal.pipelineId },
    { name: 'stage_id', type: 'text', of: deal => deal.stageId },
    { name: 'outcome', type: 'text', of: deal => deal.outcome },
    { name: 'responsible_id', type: 'text', of: deal => deal.responsibleId },
    { name: 'created_by', type: 'text', of: deal => deal.createdBy },
    { name: 'created_at', type: 'timestamptz', of: deal => deal.createdAt },
    { name: 'updated_by', type: 'text', of: deal => deal.updatedBy },
    { name: 'updated_at', type: 'timestamptz', of: deal => deal.updatedAt },
    { name: 'moved_by', type: 'text', of: deal => deal.movedBy },
    { name: 'moved_at', type: 'timestamptz', of: deal => deal.movedAt },
    { name: 'last_activity_by', type: 'text', of: deal => deal.lastActivityBy },
    { name: 'last_activity_at', type: 'timestamptz', of: deal => deal.lastActivityAt },
    { name: 'amount', type: 'float8', of: deal => deal.amount },
    { name: 'currency', type: 'text', of: deal => deal.currency },
    { name: 'close_on', type: 'text', of: deal => deal.closeOn },
    { name: 'closed_at', type: 'timestamptz', of: deal => deal.closedAt },
    { name: 'is_template', type: 'boolean', of: deal => deal.isTemplate },
    { name: 'loss_reason_id', type: 'text', of: deal => deal.lossReasonId },
    { name: 'fields', type: 'jsonb', of: deal => deal.fields },
  ],
  also: ({ installationId, seenAt }) => [
    {
      name: 'versions',
      step: sql`
        insert into deal_versions (installation_id, deal_id, observed_at, ${listOf('')}, changed_by)
        select ${installationId}, i.deal_id, ${seenAt}::timestamptz, ${listOf('i.')},
          coalesce(i.updated_by, '-')
        from incoming i left join old_rows old on old.deal_id = i.deal_id
        where old.deal_id is null or row(${listOf('i.')}) is distinct from row(${listOf('old.')})
        on conflict (installation_id, deal_id, observed_at) do update set
          ${sql.raw([...FACTS, 'changed_by'].map(name => `${name} = excluded.${name}`).join(', '))}`,
    },
  ],
}
