/** One automation over a month. */
export type AutomationRun = {
  id: string
  runs: number
  /** Share of runs whose result was kept: task not deleted, text not rewritten, stage not reverted in 3 days. */
  keptShare: number
  /** Minutes that the same action takes a person. */
  manualMinutes: number
  /** Measured from people's sessions or a stopwatch, or assumed from a preset. */
  isAssumed: boolean
  /** Minutes to check the result; at least ten seconds are counted. */
  checkMinutes: number
}

export type Savings = {
  /** Net hours: from measured minutes alone, and with the assumed ones. */
  observedHours: number
  hours: number
  /** With assumed minutes half and one and a half times as long. */
  lowHours: number
  highHours: number
  /** True when the cap of a quarter of working time held the figure down. */
  isCapped: boolean
}

const LEAST_CHECK_MINUTES = 10 / 60
const ASSUMED_ERROR = 0.5
const CAP_SHARE = 0.25

/**
 * Automation savings a month (M35, metrics 4.9): Σ runs · kept · max(0, t_manual − t_check) / 60 − upkeep − repair,
 * minutes in and hours out, never more than 25 % of the team's working time. A robot whose results are thrown away
 * saves nothing, and what its upkeep costs makes the figure negative.
 */
export const automationSavings = (
  automations: readonly AutomationRun[],
  costs: { upkeepHours: number; repairHours: number; teamWorkingHours: number },
): Savings => {
  const net = (assumedFactor: number, isCounted: (run: AutomationRun) => boolean): number => {
    const saved = automations.filter(isCounted).reduce((sum, run) => {
      const manual = run.manualMinutes * (run.isAssumed ? assumedFactor : 1)
      const check = Math.max(run.checkMinutes, LEAST_CHECK_MINUTES)
      return sum + (run.runs * run.keptShare * Math.max(0, manual - check)) / 60
    }, 0)
    return saved - costs.upkeepHours - costs.repairHours
  }
  const cap = costs.teamWorkingHours * CAP_SHARE
  const whole = net(1, () => true)
  const capped = (hours: number): number => Math.min(hours, cap)
  return {
    observedHours: capped(net(1, run => !run.isAssumed)),
    hours: capped(whole),
    lowHours: capped(net(1 - ASSUMED_ERROR, () => true)),
    highHours: capped(net(1 + ASSUMED_ERROR, () => true)),
    isCapped: whole > cap,
  }
}
