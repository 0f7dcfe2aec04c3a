import { path } from '../client.ts'
import type { CommandLine } from '../command-line.ts'
import { CliError, EXIT } from '../failure.ts'
import type { Installation } from '../installation.ts'

export const addSync = ({ program, client, io, print }: CommandLine): void => {
  const watch = async (id: string, run: string): Promise<void> => {
    let last = ''
    for (;;) {
      const { sync } = await client.get<Installation>(path(id))
      const line = `${sync.phase} ${Math.round(sync.progress * 100)} %  deals ${sync.counts.deals}  moves ${sync.counts.stageMoves}  tasks ${sync.counts.tasks}  activities ${sync.counts.activities}  requests ${sync.requests}`
      if (line !== last) io.out(line)
      last = line
      if (sync.run === run && sync.outcome === 'failed')
        throw new CliError(EXIT.failed, `The sync failed: ${sync.lastError ?? 'no reason given'}`)
      if (sync.run === run && sync.outcome === 'done') {
        if (sync.rejected > 0) io.err(`${sync.rejected} records failed their schema and were kept aside.`)
        return
      }
      await io.sleep(1_000)
    }
  }

  program
    .command('sync <id>')
    .description('reads the CRM: what changed, or everything with --full')
    .option('--full', 'from the beginning')
    .option('--wait', 'show progress and return when it has ended')
    .action(async (id: string, options: { full?: boolean; wait?: boolean }) => {
      const { run } = await client.post<{ run: string }>(path(id, '/sync'), { full: options.full === true })
      if (!options.wait)
        return print({ run }, () => [`Started run ${run}; watch it with: planerka installations`])
      await watch(id, run)
      io.out(`Run ${run} is done.`)
    })
}
