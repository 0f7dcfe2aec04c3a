import type { Scope } from './words.ts'

export type MetricRow = {
  scope: Scope
  scopeId: string
  metric: string
  windowDays: 7 | 28
  value: number | null
  numerator: number | null
  denominator: number | null
  unit: string
}

export type MetricState = { metric: string; offReason: string | null; coverage: number | null }
