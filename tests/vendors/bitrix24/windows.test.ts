import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Client, Command } from '../../../src/vendors/bitrix24/client.ts'
import { readWindows, type WindowList } from '../../../src/vendors/bitrix24/windows.ts'

const list: WindowList = {
  method: 'list',
  command: ({ lo, hi }) => ({ method: 'list', params: { lo, hi } }),
  rows: result => result as unknown[],
  idOf: row => (row as { id: number }).id,
}

const dense = async (commands: readonly Command[]) =>
  commands.map(({ params }) => ({
    ok: true as const,
    envelope: {
      result: Array.from({ length: Number(params['hi']) - Number(params['lo']) }, (_, index) => ({
        id: Number(params['lo']) + index + 1,
      })),
      time: {},
    },
  }))

describe('windows of ids', () => {
  test('lose no batch that ends while its reader is still saving the one before', async () => {
    const client = { batch: dense } as unknown as Client
    const seen: number[] = []
    for await (const { rows } of readWindows(client, list, { lo: 0, hi: 20_000 }, 1)) {
      // Longer than every batch takes: all that are under way end meanwhile.
      await sleep(5)
      seen.push(...rows.map(row => (row as { id: number }).id))
    }
    expect(seen).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
  }, 5_000)
})
