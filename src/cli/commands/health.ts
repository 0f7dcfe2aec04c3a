import type { CommandLine } from '../command-line.ts'
import { CliError, EXIT } from '../failure.ts'

export const addHealth = ({ program, client, io, print }: CommandLine): void => {
  program
    .command('health')
    .description('asks whether the server, its database and its queue are well')
    .action(async () => {
      const response = await io.fetch(`${client.base()}/readyz`).catch(() => {
        throw new CliError(EXIT.unreachable, `Nobody answers at ${client.base()}.`)
      })
      const body = (await response.json().catch(() => ({}))) as Record<string, string>
      print(body, () => Object.entries(body).map(([name, state]) => `${name}: ${state}`))
      if (!response.ok) throw new CliError(EXIT.failed, 'The server is not ready; its log says why.')
    })
}
