import { z } from 'zod'
import { day, instant } from './values.ts'

const band = z.enum(['habit', 'forming', 'on_request', 'outside'])
const trust = z.enum(['clear', 'look', 'review'])

export const scoreSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  coverage: z.number(),
  band: band.nullable(),
  trust,
  trustReasons: z.array(z.string()),
  absence: z.string().nullable(),
  isReconstructed: z.boolean(),
  deals: z.number(),
  days: z.number(),
  /** Of a team: how far its people lie apart, the standard deviation in points. */
  spread: z.number().nullable(),
})

export const weekSchema = z.object({
  /** Monday of the week. */
  from: day,
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  coverage: z.number().nullable(),
  isReconstructed: z.boolean(),
  isPartial: z.boolean(),
  /** ISO instant of the snapshot behind it: the key for evidence. */
  asOf: instant.nullable(),
  /** Rules, targets and thresholds behind it; with another version a new series begins. */
  rulesVersion: z.string().nullable(),
})

export const scoredMetricSchema = z.object({
  metric: z.string(),
  unit: z.string(),
  weight: z.number(),
  value: z.number().nullable(),
  numerator: z.number().nullable(),
  denominator: z.number().nullable(),
  attainment: z.number().nullable(),
  points: z.number(),
  maxPoints: z.number(),
  target: z.number(),
  lessIsBetter: z.boolean(),
  offReason: z.string().nullable(),
})

export type ScoreView = z.infer<typeof scoreSchema>
export type Week = z.infer<typeof weekSchema>
export type ScoredMetricView = z.infer<typeof scoredMetricSchema>
