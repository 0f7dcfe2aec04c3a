import { assignment, merge } from '../assignment.ts'
import { path } from '../client.ts'
import type { CommandLine } from '../command-line.ts'

export const addSettings = ({ program, client, json }: CommandLine): void => {
  const settings = program.command('settings').description('reads and changes a portal’s settings')
  settings
    .command('get <id>')
    .description('prints the settings as JSON')
    .action(async (id: string) => json(await client.get(path(id, '/settings'))))
  settings
    .command('set <id> <assignments...>')
    .description(
      'changes settings: calendar.timeZone=Europe/Moscow digest.heads=false calendar.workdays=[1,2,3,4,5]',
    )
    .action(async (id: string, assignments: string[]) =>
      json(await client.patch(path(id, '/settings'), merge(assignments.map(assignment)))),
    )
}
