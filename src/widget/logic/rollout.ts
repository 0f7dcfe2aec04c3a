import type { RolloutView } from '../../http/api-schema.ts'

export type Adoption = NonNullable<RolloutView['adoption']>
export type FieldUse = NonNullable<RolloutView['fields']>[number]
export type PipelineUse = NonNullable<RolloutView['pipelineUse']>[number]
export type StageUse = NonNullable<RolloutView['stages']>[number]
export type MvpScope = NonNullable<RolloutView['mvp']>[number]
export type Fault = NonNullable<RolloutView['lint']>[number]
export type Savings = NonNullable<RolloutView['automation']>

/** The list of deals that a figure opens. */
export type DealsQuestion = { list: string; pipeline: string; id: string }

export const writeQuestion = ({ list, pipeline, id }: DealsQuestion): string =>
  [list, pipeline, id].map(encodeURIComponent).join('|')

export const readQuestion = (text: unknown): DealsQuestion | null => {
  if (typeof text !== 'string') return null
  const [list, pipeline, id] = text.split('|').map(decodeURIComponent)
  return list === undefined || pipeline === undefined || id === undefined ? null : { list, pipeline, id }
}

/** Weeks on the axis: up to the sixth at least, so that its mark has a place. */
export const axisWeeks = ({ week, curve }: Pick<Adoption, 'week' | 'curve'>): number =>
  Math.max(6, week, ...curve.map(row => row.week))

/**
 * The step line of the share with the habit, from nobody in week 0 to the last week that can be judged.
 * @returns corners as week and share, 0..1
 */
export const stepsOf = ({
  week,
  curve,
}: Pick<Adoption, 'week' | 'curve'>): { week: number; share: number }[] => {
  const corners = [{ week: 0, share: 0 }]
  let share = 0
  for (const row of curve) {
    corners.push({ week: row.week, share }, { week: row.week, share: row.value })
    share = row.value
  }
  // A week counts only when the next one is good too.
  const last = Math.max(week - 1, corners.at(-1)!.week)
  corners.push({ week: last, share })
  return corners
}

/** People still on the way in a week: not there before it, and seen for long enough to be judged in it. */
export const atRiskIn = ({ people }: Pick<Adoption, 'people'>, week: number): number =>
  people.filter(({ habitWeek, weeks }) => (habitWeek ?? weeks - 2) >= week).length

export type Span = { unit: 'minutes' | 'hours' | 'days'; n: number }

/** A length in its natural unit: minutes below two hours, days from two days on. */
export const spanOf = (hours: number): Span =>
  hours < 2
    ? { unit: 'minutes', n: hours * 60 }
    : hours < 48
      ? { unit: 'hours', n: hours }
      : { unit: 'days', n: hours / 24 }

/** Fields in use, and what the others cost: those that nobody can judge yet are not blamed. */
export const fieldsInUse = (
  fields: readonly FieldUse[],
): { used: number; judged: number; wastedMinutes: number } => {
  const judged = fields.filter(field => field.class !== 'early')
  return {
    used: judged.filter(field => field.class === 'used').length,
    judged: judged.length,
    wastedMinutes: judged
      .filter(field => field.class !== 'used' && field.class !== 'niche')
      .reduce((sum, { minutesAWeek }) => sum + minutesAWeek, 0),
  }
}

const CLASS_ORDER = ['never', 'abandoned', 'decorative', 'robot_only', 'unclear', 'niche', 'used', 'early']

/** What can be cut first, and of one class the dearest. */
export const byAdvice = (a: FieldUse, b: FieldUse): number =>
  CLASS_ORDER.indexOf(a.class) - CLASS_ORDER.indexOf(b.class) ||
  b.minutesAWeek - a.minutesAWeek ||
  a.title.localeCompare(b.title)

const PIPELINE_ADVICE = { used: 'keep', rare: 'merge', asleep: 'park', never: 'hide', early: 'wait' } as const

/** One word on what to do with a pipeline. */
export const pipelineAdvice = ({ class: use, isParked }: Pick<PipelineUse, 'class' | 'isParked'>): string =>
  isParked ? 'parked' : PIPELINE_ADVICE[use]
