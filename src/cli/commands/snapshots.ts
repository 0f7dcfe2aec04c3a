import { path } from '../client.ts'
import type { CommandLine } from '../command-line.ts'
import { instant } from '../instant.ts'
import { table } from '../table.ts'

export const addSnapshots = ({ program, client, print }: CommandLine): void => {
  program
    .command('snapshot <id>')
    .description('computes and stores the snapshot for an instant')
    .requiredOption('--as-of <instant>', 'such as 2026-11-23T00:00:00Z', instant)
    .action(async (id: string, { asOf }: { asOf: string }) => {
      const snapshot = await client.post<{ asOf: string; coverage: number | null }>(path(id, '/snapshot'), {
        asOf,
      })
      print(snapshot, () => [`Snapshot of ${snapshot.asOf} is stored.`])
    })

  program
    .command('snapshots <id>')
    .description('lists the stored snapshots')
    .action(async (id: string) => {
      const found = await client.get<
        { asOf: string; builtAt: string; rulesVersion: string; coverage: number | null }[]
      >(path(id, '/snapshots'))
      print(found, () =>
        found.length === 0
          ? ['No snapshot yet. Build one with: planerka snapshot <id> --as-of <instant>']
          : table([
              ['as of', 'built at', 'rules', 'coverage'],
              ...found.map(({ asOf, builtAt, rulesVersion, coverage }) => [
                asOf,
                builtAt,
                rulesVersion,
                coverage === null ? '–' : `${Math.round(coverage * 100)} %`,
              ]),
            ]),
      )
    })
}
