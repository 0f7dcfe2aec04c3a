import { readdirSync, readFileSync } from 'node:fs'

/** Processes of a tree, as Linux tells; elsewhere nothing is known and figures leave memory out. */

const treeOf = (pid: number): number[] => {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap(thread =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean),
    )
    return [pid, ...children.flatMap(child => treeOf(Number(child)))]
  } catch {
    return []
  }
}

const residentBytes = (pid: number): number => {
  try {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Seconds of processor time that the living processes of a tree have used. */
export const cpuSecondsOf = (pid: number): number =>
  treeOf(pid).reduce((sum, each) => {
    try {
      const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return sum + (Number(fields[11]) + Number(fields[12])) / 100
    } catch {
      return sum
    }
  }, 0)

export type MemoryWatch = {
  /** The most that the tree held at one moment, in bytes, and what each process held then. */
  peak(): { total: number; each: number[] }
  stop(): void
}

/** Adds up the resident memory of a process and its children ten times a second. */
export const watchMemory = (pid: number): MemoryWatch => {
  let peak = { total: 0, each: [] as number[] }
  const look = (): void => {
    const each = treeOf(pid).map(residentBytes)
    const total = each.reduce((sum, bytes) => sum + bytes, 0)
    if (total > peak.total) peak = { total, each }
  }
  const timer = setInterval(look, 100)
  look()
  return { peak: () => peak, stop: () => clearInterval(timer) }
}
