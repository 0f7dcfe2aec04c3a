#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander'
import { createClient } from './cli/client.ts'
import type { CommandLine } from './cli/command-line.ts'
import { addExport } from './cli/commands/export.ts'
import { addHealth } from './cli/commands/health.ts'
import { addInstallations } from './cli/commands/installations.ts'
import { addMetrics } from './cli/commands/metrics.ts'
import { addNotify } from './cli/commands/notify.ts'
import { addSettings } from './cli/commands/settings.ts'
import { addSnapshots } from './cli/commands/snapshots.ts'
import { addSync } from './cli/commands/sync.ts'
import { addWriteBack } from './cli/commands/write-back.ts'
import { details } from './cli/details.ts'
import { CliError, EXIT } from './cli/failure.ts'
import type { Io } from './cli/io.ts'
import { systemClock } from './clock.ts'

/**
 * The operator's command line: a client of the running server's admin API, so that it works beside the
 * embedded database. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the server is not reachable.
 */

/** In the order of the help page. */
const COMMANDS = [
  addInstallations,
  addSync,
  addSnapshots,
  addNotify,
  addSettings,
  addWriteBack,
  addExport,
  addMetrics,
  addHealth,
]

/** @returns the program; `parseAsync` runs it */
export const createProgram = (io: Io): Command => {
  const program = new Command('planerka')
  const client = createClient(io, () => program.opts<{ url?: string; token?: string; json?: boolean }>())
  const print = (value: unknown, lines: () => string[]): void => {
    if (program.opts<{ json?: boolean }>().json) io.out(JSON.stringify(value, null, 2))
    else for (const line of lines()) io.out(line)
  }

  program
    .description('Operates a running Planerka server through its admin API.')
    .option('--url <address>', 'the server (PLANERKA_URL, default http://127.0.0.1:$PORT)')
    .addOption(new Option('--token <token>', 'the admin token (ADMIN_TOKEN)').hideHelp())
    .option('--json', 'print JSON instead of text')
    .showHelpAfterError('(planerka --help lists the commands)')
    .addHelpText('after', () => details(program).join('\n'))
    .addHelpText(
      'after',
      '\nEnvironment: PLANERKA_URL, PORT, ADMIN_TOKEN.\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no server.',
    )

  const line: CommandLine = {
    program,
    client,
    io,
    print,
    json: value => io.out(JSON.stringify(value, null, 2)),
  }
  for (const add of COMMANDS) add(line)
  return program
}

/** Runs one command line. @returns the exit code */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  const program = createProgram(io)
  const configure = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: text => io.out(text.replace(/\n$/, '')),
      writeErr: text => io.err(text.replace(/\n$/, '')),
    })
    for (const child of command.commands) configure(child)
  }
  configure(program)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
    io.err(error instanceof Error ? error.message : String(error))
    return error instanceof CliError ? error.exitCode : EXIT.failed
  }
}

if (import.meta.main)
  process.exitCode = await run(process.argv.slice(2), {
    env: process.env,
    fetch,
    out: line => console.log(line),
    err: line => console.error(line),
    sleep: ms => systemClock.sleep(ms),
  })
