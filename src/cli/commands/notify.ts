import { path } from '../client.ts'
import type { CommandLine } from '../command-line.ts'
import { instant } from '../instant.ts'

export const addNotify = ({ program, client, print }: CommandLine): void => {
  program
    .command('notify <id>')
    .description('shows the digests of a snapshot; sends them with --send')
    .option('--as-of <instant>', 'default: the latest snapshot', instant)
    .option('--send', 'really send, each person at most once per portal day')
    .action(async (id: string, { asOf, send }: { asOf?: string; send?: boolean }) => {
      const messages = await client.post<{ userId: string; role: string; channel: string; text: string }[]>(
        path(id, '/notify'),
        { ...(asOf === undefined ? {} : { asOf }), dryRun: send !== true },
      )
      print(messages, () => [
        ...messages.flatMap(({ userId, role, channel, text }) => [
          `— ${role} ${userId} by ${channel}`,
          text,
          '',
        ]),
        messages.length === 0
          ? 'Nothing to send.'
          : send
            ? `${messages.length} sent.`
            : `${messages.length} would be sent; add --send to send them.`,
      ])
    })
}
