import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export type Sheet = (string | number | boolean | null)[][]

/** Two at a time: each holds its whole sheet in memory. */
const MAX_WORKERS = 2
let running = 0
const waiting: (() => void)[] = []

const turn = async (): Promise<void> => {
  if (running < MAX_WORKERS) running++
  // The one that ends hands its place over.
  else await new Promise<void>(resolve => waiting.push(resolve))
}

const done = (): void => {
  const next = waiting.shift()
  if (next) next()
  else running--
}

/** An XLSX file with one sheet, made outside of the event loop. */
export const buildWorkbook = async (name: string, sheet: Sheet): Promise<Buffer> => {
  await turn()
  try {
    const worker = new Worker(new URL('./workbook-worker.ts', import.meta.url), {
      workerData: { name, sheet },
      env: {},
    })
    // `once` rejects when the worker fails.
    const [bytes] = (await once(worker, 'message')) as [Uint8Array]
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  } finally {
    done()
  }
}
