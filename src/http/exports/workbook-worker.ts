import { parentPort, workerData } from 'node:worker_threads'
import writeExcelFile from 'write-excel-file/node'

/** Builds one workbook and ends: making it takes seconds, and the event loop has people waiting. */
const { name, sheet } = workerData as { name: string; sheet: (string | number | boolean | null)[][] }

const buffer = await writeExcelFile(sheet, { sheet: name }).toBuffer()
const bytes = new Uint8Array(buffer)
parentPort?.postMessage(bytes, [bytes.buffer])
