/** What a command line meets of the world. */
export type Io = {
  env: Readonly<Record<string, string | undefined>>
  fetch: typeof fetch
  out(line: string): void
  err(line: string): void
  sleep(ms: number): Promise<void>
}
