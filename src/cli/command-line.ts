import type { Command } from 'commander'
import type { Client, Json } from './client.ts'
import type { Io } from './io.ts'

/** What every command works with. */
export type CommandLine = {
  program: Command
  client: Client
  io: Io
  /** Text, or JSON where `--json` asks for it. */
  print(value: Json, lines: () => string[]): void
  json(value: Json): void
}
