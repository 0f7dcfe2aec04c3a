import { loadavg } from 'node:os'

/** One line of the benchmark's output, ratios first. */
export type Figure = {
  figure: string
  /** The value against what it is measured by; null where there is nothing to compare with. */
  ratio: number | null
  value: number
  unit: string
  against: string
  /** What the design asks for, in the unit of the ratio or of the value. */
  target?: string
  [detail: string]: unknown
}

const rounded = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value

/** Prints a figure with the load of the machine: without it a number of seconds says little. */
export const printFigure = (figure: Figure): void => {
  const { figure: name, ratio, value, unit, against, target, ...details } = figure
  const line = { figure: name, ratio, value, unit, against, target, ...details, load: loadavg()[0] }
  console.log(JSON.stringify(line, (_key, item: unknown) => rounded(item)))
}

/** What happens meanwhile, for whoever waits; figures alone go to the standard output. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`)

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
