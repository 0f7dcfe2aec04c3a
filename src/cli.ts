#!/usr/bin/env node
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { systemClock } from './clock.ts'

/**
 * The operator's command line: a client of the running server's admin API, so that it works beside the
 * embedded database. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the server is not reachable.
 */

export type Io = {
  env: Readonly<Record<string, string | undefined>>
  fetch: typeof fetch
  out(line: string): void
  /** Raw output, as it comes. */
  write(chunk: Uint8Array): void
  err(line: string): void
  sleep(ms: number): Promise<void>
}

const EXIT = { failed: 1, usage: 2, unreachable: 3 } as const

class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** What to do about a code that an operator meets. */
const ADVICE: Readonly<Record<string, string>> = {
  admin_api_off: 'Set ADMIN_TOKEN for the server and restart it.',
  admin_token_required: 'Set ADMIN_TOKEN to the value that the server was started with.',
  installation_not_found: 'List the ids with: planerka installations',
  snapshot_not_found: 'Build one with: planerka snapshot <id> --as-of <instant>',
  as_of_in_future: 'Give an instant that has passed.',
  run_not_found: 'List the runs with: planerka write-back show <id>',
  preview_required: 'Write-back is switched on in the widget, by an administrator who has seen its preview.',
  too_many_requests: 'Wait a minute and try again.',
}

type Json = unknown
type SyncReport = {
  phase: string
  progress: number
  run: string | null
  outcome: string | null
  lastFinishedAt: string | null
  lastError: string | null
  counts: Record<string, number>
  rejected: number
  requests: number
}
type WriteBackChoice = { marks: boolean; tasks: boolean; level: string }
type WriteBackPreview = {
  changes: { dealId: string; kind: string; before: string | null; after: string | null }[]
  waiting: number
}
type WriteBackRun = {
  batchId: string
  plannedAt: string
  askedByName: string | null
  origin: string
  planned: number
  written: number
  refused: number
  undone: number
  undoUntil: string | null
}
const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off')
type Installation = { id: string; vendor: string; portal: string; status: string; sync: SyncReport }

const instant = (text: string): string => {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()) || !/[zZ]|[+-]\d\d:?\d\d$/.test(text))
    throw new InvalidArgumentError('Give an instant with a zone, such as 2026-11-23T00:00:00Z.')
  return at.toISOString()
}

const createClient = (io: Io, options: () => { url?: string; token?: string }) => {
  const base = (): string =>
    (options().url ?? io.env.PLANERKA_URL ?? `http://127.0.0.1:${io.env.PORT || '3000'}`).replace(/\/+$/, '')

  const send = async (method: string, path: string, body?: Json): Promise<Response> => {
    const token = options().token ?? io.env.ADMIN_TOKEN
    const url = `${base()}${path}`
    const response = await io
      .fetch(url, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      .catch(() => {
        throw new CliError(
          EXIT.unreachable,
          `Nobody answers at ${base()}. Start the server (npm start) or name it with --url or PLANERKA_URL.`,
        )
      })
    if (response.ok) return response
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
    const code = problem.code ?? `http_${response.status}`
    const advice = ADVICE[code]
    throw new CliError(
      EXIT.failed,
      [`${code}: ${problem.detail ?? response.statusText}`, ...(advice ? [advice] : [])].join('\n'),
    )
  }

  return {
    base,
    send,
    get: async <T>(path: string): Promise<T> => (await (await send('GET', path)).json()) as T,
    post: async <T>(path: string, body: Json): Promise<T> =>
      (await (await send('POST', path, body)).json()) as T,
    patch: async <T>(path: string, body: Json): Promise<T> =>
      (await (await send('PATCH', path, body)).json()) as T,
  }
}

/** Columns padded to their widest cell. */
const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

const count = (value: number): string => String(value)
const path = (id: string, rest = ''): string => `/admin/v1/installations/${encodeURIComponent(id)}${rest}`

/** `calendar.hours=["00:00","24:00"]` → `{ calendar: { hours: […] } }`; a bare word is a string. */
const assignment = (text: string): Json => {
  const at = text.indexOf('=')
  if (at < 1) throw new CliError(EXIT.usage, `"${text}" is not name=value, such as digest.heads=false`)
  const raw = text.slice(at + 1)
  let value: Json
  try {
    value = JSON.parse(raw)
  } catch {
    value = raw
  }
  return text
    .slice(0, at)
    .split('.')
    .reduceRight<Json>((inner, key) => ({ [key]: inner }), value)
}

const merge = (patches: readonly Json[]): Record<string, Json> => {
  const merged: Record<string, Json> = {}
  for (const patch of patches as Record<string, Json>[])
    for (const [key, value] of Object.entries(patch)) {
      const before = merged[key]
      const areObjects = [before, value].every(
        one => typeof one === 'object' && one !== null && !Array.isArray(one),
      )
      merged[key] = areObjects ? { ...(before as object), ...(value as object) } : value
    }
  return merged
}

/** Every command with its own options, so that one page shows everything. */
const details = (program: Command): string[] => {
  const leaves = (command: Command): Command[] => command.commands.flatMap(child => [child, ...leaves(child)])
  const name = (command: Command): string =>
    command.parent && command.parent !== program
      ? `${name(command.parent)} ${command.name()}`
      : command.name()
  return [
    '',
    'In full:',
    ...leaves(program)
      .filter(({ commands }) => commands.length === 0)
      .flatMap(command => [
        `  ${name(command)} ${command.usage().replace(/\[options\] ?/, '')}`.trimEnd(),
        ...command.options.map(({ flags, description }) =>
          `      ${flags.padEnd(22)} ${description}`.trimEnd(),
        ),
      ]),
  ]
}

/** @returns the program; `parseAsync` runs it */
export const createProgram = (io: Io): Command => {
  const program = new Command('planerka')
  const client = createClient(io, () => program.opts<{ url?: string; token?: string; json?: boolean }>())
  const print = (value: Json, lines: () => string[]): void => {
    if (program.opts<{ json?: boolean }>().json) io.out(JSON.stringify(value, null, 2))
    else for (const line of lines()) io.out(line)
  }
  const json = (value: Json): void => io.out(JSON.stringify(value, null, 2))

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
                count(sync.counts.deals ?? 0),
                count(sync.counts.stageMoves ?? 0),
                sync.lastFinishedAt ?? '–',
                sync.lastError ?? '',
              ]),
            ]),
      )
    })

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

  const writeBack = program
    .command('write-back')
    .description('what is written into a portal’s CRM: shows it, stops it, takes it back')
  writeBack
    .command('show <id>')
    .description('whether it is on, and the runs with their ids')
    .action(async (id: string) => {
      const choice = await client.get<WriteBackChoice>(path(id, '/write-back'))
      const runs = await client.get<WriteBackRun[]>(path(id, '/write-back/runs'))
      print({ ...choice, runs }, () => [
        `Marks ${onOff(choice.marks)}, tasks ${onOff(choice.tasks)}, deals of level ${choice.level} and above.`,
        ...(runs.length === 0
          ? ['Nothing was written yet.']
          : table([
              ['run', 'began', 'by', 'planned', 'written', 'refused', 'undone', 'undo until'],
              ...runs.map(run => [
                run.batchId,
                run.plannedAt,
                run.askedByName ?? run.origin,
                count(run.planned),
                count(run.written),
                count(run.refused),
                count(run.undone),
                run.undoUntil ?? '–',
              ]),
            ])),
      ])
    })
  writeBack
    .command('preview <id>')
    .description('what the next run would write; writes nothing')
    .action(async (id: string) => {
      const preview = await client.post<WriteBackPreview>(path(id, '/write-back/preview'), {})
      print(preview, () => [
        ...table([
          ['deal', 'what', 'before', 'after'],
          ...preview.changes.map(({ dealId, kind, before, after }) => [
            dealId,
            kind,
            before ?? '–',
            after ?? '–',
          ]),
        ]),
        `${preview.changes.length} changes, ${preview.waiting} more wait for the run after.`,
      ])
    })
  writeBack
    .command('off <id>')
    .description('stops writing at once; the portal’s administrator switches it on in the widget')
    .action(async (id: string) => {
      const choice = await client.post<WriteBackChoice>(path(id, '/write-back/off'), {})
      print(choice, () => ['Off. What was written stays; take it back with: planerka write-back undo'])
    })
  writeBack
    .command('undo <id> <run>')
    .description('takes a run back, for 24 hours; what people changed since is left alone')
    .action(async (id: string, run: string) => {
      const undoing = await client.post<{ entries: number }>(
        path(id, `/write-back/runs/${encodeURIComponent(run)}/undo`),
        {},
      )
      print(undoing, () => [
        `${undoing.entries} entries are being taken back; watch: planerka write-back show`,
      ])
    })

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
    write: chunk => void process.stdout.write(chunk),
    err: line => console.error(line),
    sleep: ms => systemClock.sleep(ms),
  })
