import type { CommandLine } from '../command-line.ts'
import type { Installation } from '../installation.ts'
import { table } from '../table.ts'

export const addInstallations = ({ program, client, print }: CommandLine): void => {
  program
    .command('installations')
    .description('lists the portals with the state of their sync')
    .action(async () => {
      const found = await client.get<Installation[]>('/admin/v1/installations')
      print(found, () =>
        found.length === 0
          ? ['No portal has installed the app yet.']
          : table([
              ['id', 'vendor', 'portal', 'status', 'sync', 'deals', 'moves', 'last finished', 'last error'],
              ...found.map(({ id, vendor, portal, status, sync }) => [
                id,
                vendor,
                portal,
                status,
                sync.phase === 'idle' ? 'idle' : `${sync.phase} ${Math.round(sync.progress * 100)} %`,
                String(sync.counts.deals ?? 0),
                String(sync.counts.stageMoves ?? 0),
                sync.lastFinishedAt ?? '–',
                sync.lastError ?? '',
              ]),
            ]),
      )
    })
}
