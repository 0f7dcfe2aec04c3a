import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { silentLogger } from '../../src/logger.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { startChild } from './child.ts'
import { deal, install, page } from './records.ts'

const short = (value: number) => Buffer.from([value >> 8, value & 255])
const long = (value: number) => Buffer.concat([short(value >> 16), short(value & 65_535)])
const text = (value: string) => Buffer.from(`${value}\0`)
/** A message of PostgreSQL's protocol, to be sent a piece at a time. */
const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), long(body.length + 4), body])
}

const openAt = (dataDir: string): Promise<Store> =>
  openStore({ dataDir, log: silentLogger, clock: systemClock })

describe('the embedded database', { timeout: 120_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'planerka-process-'))
  /** Too long for the path of a socket. */
  const dataDir = join(home, 'a'.repeat(60), 'b'.repeat(60))
  let store: Store
  let id: string
  beforeAll(async () => {
    store = await openAt(dataDir)
    id = await install(store)
  }, 120_000)
  afterAll(async () => {
    await store?.close()
    rmSync(home, { recursive: true, force: true })
  })

  test('killed under load has every page that it acknowledged', { timeout: 300_000 }, async () => {
    const shortDir = join(home, 'killed')
    let acknowledged = 0
    for (let life = 0; life < 3; life++) {
      const child = startChild('save-pages.ts', { dataDir: shortDir })
      await child.waitForLines(4 + life * 3)
      child.process.kill('SIGKILL')
      await child.ended
      acknowledged = Number(child.lines().at(-1))
      expect(acknowledged).toBeGreaterThan(0)
    }
    const revived = await openAt(shortDir)
    const [feed] = await revived.feeds.all('portal')
    const saved = Number(feed?.resume)
    // One more page may have been stored than could be told.
    expect([acknowledged, acknowledged + 1]).toContain(saved)
    expect(await revived.counts('portal')).toMatchObject({ deals: saved * 200, stageMoves: saved * 200 })
    await revived.savePage('portal', page({ deals: [deal({ id: 'after' })] }))
    await revived.close()
  })

  test('is joined by a child process with the connection it is handed', async () => {
    const connection = JSON.stringify(store.connection)
    const portal = await install(store)
    const child = startChild('open.ts', { connection, saveIn: portal })
    expect(await child.ended).toEqual({ code: 0, complaint: '' })
    expect(child.lines()).toEqual(['1'])
    expect((await store.counts(portal)).deals).toBe(1)
  })

  test('is reached by nobody but its owner', () => {
    for (const folder of [store.connection.host ?? '', dataDir, join(dataDir, 'database')])
      expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  test('serves one server at a time', async () => {
    await expect(openAt(dataDir)).rejects.toThrow(/Another server is using .*DATA_DIR/)
    await store.ping()
  })

  test('is not held up by a client that dies in the middle of something', async () => {
    const dying = async (act: (client: Client) => Promise<unknown>) => {
      const client = new Client(store.connection)
      client.on('error', () => {})
      await client.connect()
      await act(client)
      const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
      connection.stream.destroy()
    }
    await dying(async client => {
      await client.query('begin')
      await client.query(`update installations set language = 'en' where installation_id = $1`, [id])
    })
    expect((await store.installations.find(id))?.language).toBe('ru')
    await dying(async client => {
      // A failed statement inside of a transaction.
      await client.query('begin')
      await client.query('select 1/0').catch(() => {})
    })
    await store.ping()
    await dying(async client => {
      // Half a statement: parsed, never bound.
      const { connection } = client as unknown as {
        connection: { parse(query: { text: string }): void; flush(): void }
      }
      connection.parse({ text: 'select 1 as one' })
      connection.flush()
      await new Promise(resolve => setTimeout(resolve, 300))
    })
    await store.ping()
    await store.savePage(id, page({ deals: [deal()] }))
    expect((await store.counts(id)).deals).toBe(1)
  })

  test('never binds one connection’s values to another’s statement', async () => {
    const slow = connect(join(store.connection.host ?? '', '.s.PGSQL.5432'))
    let answer = ''
    slow.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    const pause = () => new Promise(resolve => setTimeout(resolve, 200))
    slow.write(message('', long(3 << 16), ...['user', 'postgres', 'database', 'postgres', ''].map(text)))
    await pause()
    slow.write(message('P', text(''), text('select $1::text as a, $2::int as b'), short(0)))
    await pause()
    const quick = store.pool.query<{ c: number }>('select $1::int as c', [7])
    await pause()
    const values = ['slow', '5'].flatMap(value => [long(value.length), Buffer.from(value)])
    slow.write(message('B', text(''), text(''), short(0), short(2), ...values, short(0)))
    slow.write(message('E', text(''), long(0)))
    slow.write(message('S'))
    expect((await quick).rows).toEqual([{ c: 7 }])
    await pause()
    expect(answer).toContain('slow')
    slow.destroy()
  })

  test('closes in order and opens again', async () => {
    await store.close()
    store = await openAt(dataDir)
    expect((await store.installations.find(id))?.id).toBe(id)
  })
})
