import type { InvoiceRow } from '../account/rows.ts'
import { listKey, pageAnswer } from '../rest/listing.ts'
import { notFound } from '../rest/problem.ts'
import { filterOf, idsOf, isWithin, pageOf, rangeOf } from '../rest/query.ts'
import { type Call, disguised, ok, type Route } from './resource.ts'

const STATUSES = {
  created: 'Создан',
  paid: 'Оплачен',
  partially_paid: 'Частично оплачен',
  paid_in_advance: 'Оплачен авансом',
} as const

const elementRow = ({ account }: Call, invoice: InvoiceRow): object =>
  disguised(
    {
      id: invoice.id,
      name: invoice.name,
      created_by: invoice.createdBy,
      updated_by: invoice.createdBy,
      created_at: invoice.createdAt,
      updated_at: invoice.updatedAt,
      is_deleted: false,
      catalog_id: account.invoicesCatalogId,
      account_id: account.accountId,
      custom_fields_values: [
        {
          field_id: 900_001,
          field_name: 'Статус',
          field_code: 'BILL_STATUS',
          field_type: 'select',
          values: [{ value: STATUSES[invoice.status], enum_id: 77_001, enum_code: invoice.status }],
        },
        {
          field_id: 900_002,
          field_name: 'Итоговая сумма к оплате',
          field_code: 'BILL_PRICE',
          field_type: 'monetary',
          values: [{ value: String(invoice.price) }],
        },
        ...(invoice.paidAt === null
          ? []
          : [
              {
                field_id: 900_003,
                field_name: 'Дата оплаты',
                field_code: 'BILL_PAYMENT_DATE',
                field_type: 'date_time',
                values: [{ value: invoice.paidAt }],
              },
            ]),
      ],
      _links: {
        self: {
          href: `${account.origin}/api/v4/catalogs/${account.invoicesCatalogId}/elements/${invoice.id}`,
        },
      },
    },
    account.invoices.disguises.get(invoice.id),
  )

/** Lists («Списки»); invoices are one of them. */
export const invoiceRoutes: Route[] = [
  {
    method: 'GET',
    path: /^catalogs$/,
    run: ({ account }) =>
      ok({
        _page: 1,
        _embedded: {
          catalogs: [{ id: account.invoicesCatalogId, name: 'Счета-покупки', type: 'invoices', sort: 10 }],
        },
      }),
  },
  {
    method: 'GET',
    path: /^catalogs\/(\d+)\/elements$/,
    run: call => {
      const { account, query } = call
      if (Number(call.params[0]) !== account.invoicesCatalogId) throw notFound()
      const filter = filterOf(query)
      const ids = idsOf(filter['id'])
      const updated = rangeOf(filter['updated_at'])
      const rows = call.lists.get(listKey(call.path, query), account.invoices.version, () =>
        account.invoices.rows.filter(
          row => !row.isDeleted && (ids === null || ids.has(row.id)) && isWithin(updated, row.updatedAt),
        ),
      )
      return pageAnswer(account, call.path, 'elements', query, pageOf(query, 250), rows, row =>
        elementRow(call, row),
      )
    },
  },
]
