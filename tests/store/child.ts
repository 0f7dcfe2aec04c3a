import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type Child = {
  process: ChildProcess
  /** Lines it has written so far. */
  lines(): string[]
  waitForLines(count: number): Promise<void>
  /** Its exit code (null = killed) and what it complained about. */
  ended: Promise<{ code: number | null; complaint: string }>
}

/** Runs a script of `children/` with this Node in a process of its own. */
export const startChild = (script: string, args: Record<string, string>): Child => {
  const path = fileURLToPath(new URL(`./children/${script}`, import.meta.url))
  const options = Object.entries(args).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, ['--no-warnings', path, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const ended = new Promise<{ code: number | null; complaint: string }>(resolve =>
    child.once('close', code => resolve({ code, complaint })),
  )
  // The last line may be cut off.
  const lines = () => said.split('\n').slice(0, -1)
  return {
    process: child,
    lines,
    ended,
    waitForLines: async count => {
      while (lines().length < count) {
        if (child.exitCode !== null) throw new Error(`It ended early: ${complaint}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
  }
}
