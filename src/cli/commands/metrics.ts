import { path } from '../client.ts'
import type { CommandLine } from '../command-line.ts'
import { table } from '../table.ts'

export const addMetrics = ({ program, client, print }: CommandLine): void => {
  program
    .command('metrics [id]')
    .description('the catalogue: formula, what it needs, and with an id how far it is measured there')
    .action(async (id: string | undefined) => {
      const found = await client.get<
        {
          metric: string
          unit: string
          payClass: string
          target: number | null
          formula: string
          needs: string[]
          offReason?: string | null
          coverage?: number | null
        }[]
      >(id === undefined ? '/admin/v1/metrics' : path(id, '/metrics'))
      print(found, () =>
        table([
          ['metric', 'unit', 'pay', 'target', 'needs', 'coverage', 'formula'],
          ...found.map(metric => [
            metric.metric,
            metric.unit,
            metric.payClass,
            metric.target === null ? '–' : String(metric.target),
            metric.needs.join(',') || '–',
            metric.offReason
              ? `off: ${metric.offReason}`
              : typeof metric.coverage === 'number'
                ? `${Math.round(metric.coverage * 100)} %`
                : '–',
            metric.formula,
          ]),
        ]),
      )
    })
}
