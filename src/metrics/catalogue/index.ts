import type { Metric } from '../metric.ts'
import { activeDays } from './m01-active-days.ts'
import { evenness } from './m02-evenness.ts'
import { captureLag } from './m03-capture-lag.ts'
import { roleBreadth } from './m04-role-breadth.ts'
import { moneyWithDeal } from './m05-money-with-deal.ts'
import { dealInvoiceAgreement } from './m06-deal-invoice-agreement.ts'
import { callsAttached } from './m07-calls-attached.ts'
import { tasksInCrm } from './m08-tasks-in-crm.ts'
import { nextStepCoverage } from './m09-next-step.ts'
import { nextStepQuality } from './m10-next-step-quality.ts'
import { overdueLoad } from './m11-overdue.ts'
import { postponement } from './m12-postponement.ts'
import { staleValue } from './m13-stale-value.ts'
import { silence } from './m14-silence.ts'
import { closeDateDebt } from './m15-close-date-debt.ts'
import { firstResponse } from './m16-first-response.ts'
import { criticalFields } from './m17-critical-fields.ts'
import { junkFill } from './m18-junk-fill.ts'
import { lossReason } from './m19-loss-reason.ts'
import { pathConformance } from './m20-conformance.ts'
import { skipsAndReturns } from './m21-skips-returns.ts'
import { stageSurfing } from './m22-stage-surfing.ts'
import { stageEvidence } from './m23-stage-evidence.ts'
import { handOff } from './m24-hand-off.ts'
import { unknownAuthor } from './m25-unknown-author.ts'
import { planerkaBurst } from './m26-planerka-burst.ts'
import { bulkEdits } from './m27-bulk-edits.ts'
import { ghostTouches } from './m28-ghost-touches.ts'
import { periodEnd } from './m29-period-end.ts'
import { fieldUse } from './m30-field-use.ts'
import { stageUse } from './m31-stage-use.ts'
import { automationHours } from './m35-automation-savings.ts'
import { WAITING } from './waiting.ts'

/** Every metric of the product, in order of its number. One file adds one metric, and its line here. */
export const METRICS: readonly Metric[] = [
  activeDays,
  evenness,
  captureLag,
  roleBreadth,
  moneyWithDeal,
  dealInvoiceAgreement,
  callsAttached,
  tasksInCrm,
  nextStepCoverage,
  nextStepQuality,
  overdueLoad,
  postponement,
  staleValue,
  silence,
  closeDateDebt,
  firstResponse,
  criticalFields,
  junkFill,
  lossReason,
  pathConformance,
  skipsAndReturns,
  stageSurfing,
  stageEvidence,
  handOff,
  unknownAuthor,
  planerkaBurst,
  bulkEdits,
  ghostTouches,
  periodEnd,
  fieldUse,
  stageUse,
  automationHours,
  ...WAITING,
].toSorted((a, b) => (a.id < b.id ? -1 : 1))

/** The facts of every measure, parts included, for screens, exports and the operator's catalogue. */
export const METRIC_INFO = METRICS.flatMap(metric =>
  metric.measures.map(measure => ({
    metric: measure.id,
    pillar: metric.pillar,
    unit: measure.unit as string,
    payClass: measure.payClass,
    target: measure.target,
    floor: measure.floor,
    lessIsBetter: measure.lessIsBetter,
    version: metric.version,
    formula: metric.formula,
    caveats: metric.caveats,
    needs: metric.needs as readonly string[],
  })),
)
