import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Option } from 'commander'
import { path } from '../client.ts'
import type { CommandLine } from '../command-line.ts'
import { CliError, EXIT } from '../failure.ts'
import { instant } from '../instant.ts'

export const addExport = ({ program, client, io }: CommandLine): void => {
  program
    .command('export <id> <table>')
    .description('writes a table: metrics, flags, deals, stages, moves, process, variants, curves, fields')
    .addOption(new Option('--format <format>').choices(['csv', 'json', 'xlsx']).default('csv'))
    .option('--as-of <instant>', 'default: the latest snapshot', instant)
    .option('--out <file>', 'a file instead of the standard output')
    .action(async (id: string, name: string, options: { format: string; asOf?: string; out?: string }) => {
      if (options.format === 'xlsx' && options.out === undefined)
        throw new CliError(EXIT.usage, 'A workbook needs a file: add --out table.xlsx')
      const query = options.asOf === undefined ? '' : `?asOf=${encodeURIComponent(options.asOf)}`
      const file = `${encodeURIComponent(name)}.${options.format}`
      const response = await client.send('GET', path(id, `/export/${file}${query}`))
      if (options.out === undefined) return io.out((await response.text()).replace(/\r?\n$/, ''))
      if (!response.body) throw new CliError(EXIT.failed, 'The server sent nothing')
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(options.out))
      io.err(`Written to ${options.out}.`)
    })
}
