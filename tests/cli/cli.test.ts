import { mkdtempSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { run } from '../../src/cli.ts'
import { ADMIN_TOKEN, createWorld, type World } from '../http/fakes.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Runs a command line against a real server over the fakes. */
const planerka = async (line: string[], world: World = createWorld(), env: Record<string, string> = {}) => {
  const server = world.app.listen(0)
  servers.push(server)
  const { port } = server.address() as { port: number }
  const out: string[] = []
  const err: string[] = []
  const code = await run(line, {
    env: { PORT: String(port), ADMIN_TOKEN, ...env },
    fetch,
    out: text => void out.push(text),
    err: text => void err.push(text),
    sleep: async () => {},
  })
  return { code, out: out.join('\n'), err: err.join('\n'), world }
}

describe('the operator’s command line', () => {
  test('--help lists every command with its options', async () => {
    const { code, out } = await planerka(['--help'])
    expect(code).toBe(0)
    for (const words of [
      'installations',
      'sync <id>',
      '--full',
      '--wait',
      'snapshot <id>',
      '--as-of <instant>',
      'notify <id>',
      '--send',
      'settings get <id>',
      'settings set <id>',
      'write-back show <id>',
      'write-back undo <id> <run>',
      'export <id> <table>',
      '--out <file>',
      'snapshots <id>',
      'metrics [id]',
      'health',
    ])
      expect(out).toContain(words)
  })

  test('shows write-back, stops it and says what to do about an unknown run', async () => {
    expect((await planerka(['write-back', 'show', 'i1'])).out).toContain('Marks off, tasks off')
    expect((await planerka(['write-back', 'preview', 'i1'])).out).toContain('0 changes')
    expect((await planerka(['write-back', 'off', 'i1'])).code).toBe(0)
    const unknown = await planerka(['write-back', 'undo', 'i1', 'none'])
    expect(unknown.code).toBe(1)
    expect(unknown.err).toContain('planerka write-back show')
  })

  test('lists installations as a table, or as JSON', async () => {
    expect((await planerka(['installations'])).out).toMatch(
      /i1 +bitrix24 +acme\.crm\.example +active +idle +5 +9/,
    )
    expect(JSON.parse((await planerka(['--json', 'installations'])).out)[0].id).toBe('i1')
  })

  test('waits for a sync and says how it ended', async () => {
    const world = createWorld()
    const states = ['running', 'running', 'done']
    const report = world.deps.syncReport
    world.deps.syncReport = async id => ({
      ...(await report(id)),
      outcome: (states.shift() ?? 'done') as 'running' | 'done',
      progress: 1 - states.length / 3,
    })
    const { code, out } = await planerka(['sync', 'i1', '--full', '--wait'], createWorld(world.deps))
    expect(code).toBe(0)
    expect(out).toContain('33 %')
    expect(out).toContain('Run run-1 is done.')
  })

  test('a failed sync is a failed command', async () => {
    const world = createWorld()
    const report = world.deps.syncReport
    world.deps.syncReport = async id => ({ ...(await report(id)), outcome: 'failed', lastError: 'no rights' })
    const { code, err } = await planerka(['sync', 'i1', '--wait'], createWorld(world.deps))
    expect([code, err]).toEqual([1, 'The sync failed: no rights'])
  })

  test('builds a snapshot and refuses an instant without a zone', async () => {
    const done = await planerka(['snapshot', 'i1', '--as-of', '2026-11-23T03:00:00+03:00'])
    expect(done.world.calls.snapshots).toEqual([new Date('2026-11-23T00:00:00Z')])
    expect(done.code).toBe(0)
    const refused = await planerka(['snapshot', 'i1', '--as-of', '2026-11-23 03:00'])
    expect([refused.code, refused.world.calls.snapshots]).toEqual([2, []])
    expect(refused.err).toContain('with a zone')
    for (const none of ['2026-02-30T00:00:00Z', '5Z', '2026-11-20T24:00:00Z'])
      expect((await planerka(['snapshot', 'i1', '--as-of', none])).code).toBe(2)
  })

  test('shows digests unless told to send them', async () => {
    const shown = await planerka(['notify', 'i1'])
    expect(shown.out).toContain('Доброе утро')
    expect(shown.world.calls.sent).toBe(0)
    expect((await planerka(['notify', 'i1', '--send'])).world.calls.sent).toBe(1)
  })

  test('changes settings by their names', async () => {
    const { code, world } = await planerka([
      'settings',
      'set',
      'i1',
      'calendar.workdays=[1,2,3]',
      'calendar.timeZone=Asia/Omsk',
      'digest.heads=false',
    ])
    expect(code).toBe(0)
    expect(world.installation.settings).toMatchObject({
      calendar: { workdays: [1, 2, 3], timeZone: 'Asia/Omsk' },
      digest: { heads: false, employees: true },
    })
    const deep = ['stale.loosened.0/NEW=2', 'stale.loosened.0/WORK=3']
    expect((await planerka(['settings', 'set', 'i1', ...deep], world)).code).toBe(0)
    expect(world.installation.settings.stale.loosened).toEqual({ '0/NEW': 2, '0/WORK': 3 })
    expect((await planerka(['settings', 'set', 'i1', '__proto__.x=1'])).code).toBe(2)
    const refused = await planerka(['settings', 'set', 'i1', 'nonsense=1'])
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('invalid_value')])
  })

  test('exports to the standard output or to a file', async () => {
    expect((await planerka(['export', 'i1', 'moves'])).out).toContain('deal_id,from_pipeline_id')
    const file = join(mkdtempSync(join(tmpdir(), 'planerka-cli-')), 'deals.xlsx')
    expect((await planerka(['export', 'i1', 'deals', '--format', 'xlsx', '--out', file])).code).toBe(0)
    expect(readFileSync(file).subarray(0, 2).toString()).toBe('PK')
    expect((await planerka(['export', 'i1', 'deals', '--format', 'xlsx'])).code).toBe(2)
  })

  test('prints the catalogue with formula, needs and coverage', async () => {
    expect((await planerka(['metrics', 'i1'])).out).toMatch(/M09 +share +A +0\.9 +– +90 % +a \/ b/)
  })

  test('asks for the server’s health', async () => {
    expect((await planerka(['health'])).out).toContain('database: ok')
    const ill = createWorld({ probes: { database: () => Promise.reject(new Error('down')) } })
    expect((await planerka(['health'], ill)).code).toBe(1)
  })

  test('errors say what to do', async () => {
    const wrong = await planerka(['installations'], undefined, { ADMIN_TOKEN: 'wrong-token' })
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('Set ADMIN_TOKEN')])
    const nobody = await planerka(['--url', 'http://127.0.0.1:1', 'installations'])
    expect([nobody.code, nobody.err]).toEqual([3, expect.stringContaining('npm start')])
    const unknown = await planerka(['snapshots', 'nobody'])
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('planerka installations')])
    const command = await planerka(['dance'])
    expect([command.code, command.err]).toEqual([2, expect.stringContaining('--help')])
  })
})
