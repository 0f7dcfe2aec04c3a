import type { Invoice } from '../../records/records.ts'
import type { TableSpec } from './upsert.ts'

export const invoicesSpec: TableSpec<Invoice> = {
  table: 'invoices',
  key: 'invoice_id',
  dealIds: 'array[i.deal_id]',
  keepsDeleted: true,
  columns: [
    { name: 'invoice_id', type: 'text', of: invoice => invoice.id },
    { name: 'deal_id', type: 'text', of: invoice => invoice.dealId },
    { name: 'responsible_id', type: 'text', of: invoice => invoice.responsibleId },
    { name: 'amount', type: 'float8', of: invoice => invoice.amount },
    { name: 'currency', type: 'text', of: invoice => invoice.currency },
    { name: 'stage_id', type: 'text', of: invoice => invoice.stageId },
    { name: 'outcome', type: 'text', of: invoice => invoice.outcome },
    { name: 'created_at', type: 'timestamptz', of: invoice => invoice.createdAt },
    { name: 'updated_at', type: 'timestamptz', of: invoice => invoice.updatedAt },
    { name: 'issued_on', type: 'text', of: invoice => invoice.issuedOn },
    { name: 'due_on', type: 'text', of: invoice => invoice.dueOn },
    { name: 'moved_at', type: 'timestamptz', of: invoice => invoice.movedAt },
  ],
}
