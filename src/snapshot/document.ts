import type { Outcome } from '../records/records.ts'
import type { DrawnDesign } from '../records/settings.ts'

/**
 * The versioned result for one installation at one instant, in parts. Screens, digests and exports read
 * these and never recompute. Each part is stored under its name; rows of the export parts have the
 * export's own columns.
 */

/** Bump when a rule, weight or formula changes: it starts a new series. */
export const RULES_VERSION = '2026.5'

export type Scope = 'employee' | 'team' | 'company'
export type FlagKind = 'age' | 'silence' | 'promise'
export type Level = 'none' | 'amber' | 'red'
export type ThresholdSource = 'own' | 'mixed' | 'preset'
export type ChanceBasis = 'own' | 'mixed' | 'none'
export type Band = 'habit' | 'forming' | 'on_request' | 'outside'
export type TrustMark = 'clear' | 'look' | 'review'
export type PillarId = 'presence' | 'work' | 'pipeline' | 'truth' | 'process'

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

export type FlagRow = {
  dealId: string
  pipelineId: string
  stageId: string
  responsibleId: string | null
  flag: FlagKind
  level: Exclude<Level, 'none'>
  /** ISO instant at which this clock ran out. */
  since: string
  ageDays: number
  thresholdDays: number | null
  winChance: number | null
  /** The reason sentence in Russian; screens build theirs from `clocks` of the deal. */
  reason: string
}

/** One deal open at `asOf`. */
export type DealRow = {
  dealId: string
  title: string
  pipelineId: string
  stageId: string
  responsibleId: string | null
  amount: number | null
  currency: string | null
  enteredAt: string
  ageDays: number
  silenceDays: number | null
  level: Level
  winChance: number | null
  winChanceBasis: ChanceBasis
  /** Chance that the deal is still on its stage after `noMoveDays` more working days; null = too little to tell. */
  noMoveChance?: number | null
  noMoveDays?: number
  clocks: DealClocks
  /** Undated facts taken as first observed, because `asOf` is before the first sync. */
  isFirstObserved: boolean
}

/** A deal that was closed in the last 28 days: what two snapshots need to tell what was won between them. */
export type ClosedRow = {
  dealId: string
  title: string
  pipelineId: string
  stageId: string
  outcome: Exclude<Outcome, 'open'>
  responsibleId: string | null
  amount: number | null
  currency: string | null
  closedAt: string
}

/** Everything that the reason sentence and the age strip say. */
export type DealClocks = {
  t80Days: number | null
  t95Days: number | null
  source: ThresholdSource
  /** Forward exits behind the threshold. */
  sample: number
  s80Days: number | null
  flags: FlagKind[]
  /** `missing`: no next step; `overdue`: the step's date has passed; null = there is a step in time. */
  promise: 'missing' | 'overdue' | null
  promiseOverdueDays: number | null
  /** Working days of this stay during which the clocks stood still. */
  pausedDays?: number
  /** Why the flag does not count, and until when. */
  hold?: { kind: 'paused' | 'disputed' | 'normal'; until: string } | null
}

export type StageRow = {
  pipelineId: string
  stageId: string
  name: string
  outcome: Outcome
  visits: number
  forwardExits: number
  backExits: number
  lostExits: number
  otherExits: number
  openNow: number
  medianDays: number | null
  t80OwnDays: number | null
  t80Days: number | null
  t95Days: number | null
  source: ThresholdSource
  /** False: the CRM lists it no more, only history mentions it; absent = listed. */
  isListed?: boolean
}

export type ProcessRow = {
  pipelineId: string
  fromStageId: string
  toStageId: string
  deals: number
  moves: number
  medianDays: number | null
  isDesigned: boolean
}

export type VariantRow = {
  pipelineId: string
  path: string[]
  deals: number
  won: number
  lost: number
  open: number
  medianDays: number | null
  conformanceCost: number
}

/**
 * Deals of one group that share a move, a stage or a road. `days` = working days, in ascending order: all of them
 * while they are few, else evenly spread points of their distribution, the middle one being the median.
 */
export type GroupCell = {
  deals: number
  /** How many durations stand behind `days`. */
  measured: number
  days: number[]
  /** The newest deals. A person's deals that stand alike are at most 30 in all cohorts, so the newest 30 of any period are here. */
  dealIds: string[]
}
export type GroupEdge = GroupCell & {
  fromStageId: string
  toStageId: string
  /** Of a shortcut: decided deals of it that also took the road from the same stage. */
  alsoRoad: number
}
export type GroupStage = GroupCell & {
  stageId: string
  visits: number
  forwardExits: number
  backExits: number
  lostExits: number
  otherExits: number
  openNow: number
  /** Decided deals that left this stage backwards at least once. */
  turnedBack: number
}
/** `road`: place in the part `processRoads`. */
export type GroupRoad = GroupCell & { road: number }

/**
 * Part `processGroups`: the process of the deals that one person answers for at `asOf` (null = nobody), that were
 * created in one cohort (`PERIOD_DAYS`) and stand alike at `asOf`. Each deal is in one group with its whole history,
 * whoever moved it before; so groups add up to whatever is asked for.
 */
export type ProcessGroup = {
  responsibleId: string | null
  cohort: number
  outcome: Outcome
  pipelines: {
    pipelineId: string
    stages: GroupStage[]
    edges: GroupEdge[]
    /** The person's most usual roads; `rest` = all the others together, null of none. */
    roads: GroupRoad[]
    rest: GroupCell | null
    /** Deals with a road, and those of them that never left the designed one. */
    all: number
    onRoad: number
  }[]
}

/** Part `processRoads`: roads that groups tell apart; a road belongs to the pipeline that it ends in. */
export type ProcessRoad = { path: string[]; conformanceCost: number }

export type CurveRow = {
  kind: 'stage' | 'adoption'
  pipelineId: string
  stageId: string
  exit: 'forward' | 'back' | 'lost' | 'other' | 'reached'
  tDays: number
  atRisk: number
  events: number
  value: number
}

/** Rows of one curve in columns that run in step: a stage of a large portal has tens of thousands of them. */
export type Curve = Pick<CurveRow, 'kind' | 'pipelineId' | 'stageId' | 'exit'> & {
  tDays: number[]
  atRisk: number[]
  events: number[]
  value: number[]
}

export type FieldRow = {
  pipelineId: string
  field: string
  isCustom: boolean
  filled: number
  total: number
  fillRate: number | null
}

/** A metric inside one person's (team's, company's) score. */
export type ScoredMetric = {
  metric: string
  /** Weight inside the pillar after unmeasured metrics dropped out, 0..1. */
  weight: number
  value: number | null
  numerator: number | null
  denominator: number | null
  /** 0..1; null = switched off. */
  attainment: number | null
  /** Points of 100 earned and at most. */
  points: number
  maxPoints: number
  /** Machine word for why it is switched off; null = measured. */
  offReason: string | null
}

export type PillarScore = { pillar: PillarId; weight: number; points: number; metrics: ScoredMetric[] }

export type Score = {
  scope: Scope
  scopeId: string
  /** 0..100; null = no score (coverage or sample too small). */
  value: number | null
  /** 90 % interval. */
  low: number | null
  high: number | null
  /** Of a team: how far its people lie apart (standard deviation in points, weighted as the score is). */
  spread?: number | null
  /** Share of the weights that could be measured, 0..1. */
  coverage: number
  band: Band | null
  trust: TrustMark
  trustReasons: string[]
  /** Why there is no score: `coverage`, `deals`, `days`, `amnesty`, `not_read_yet`; null = there is one. */
  absence: string | null
  /** Eligible deals and working days behind it. */
  deals: number
  days: number
  isReconstructed: boolean
  pillars: PillarScore[]
  /** The three changes that would lift the score most, with the deals to change. */
  fixes: {
    metric: string
    points: number
    minutes: number
    dealIds: string[]
    /** In step with `dealIds`: what each of them would have added to the week. */
    dealPoints?: number[]
  }[]
  /**
   * Of a person: share of deals tidied only before the planerka beyond the usual one (M26, 0..1), and whether that is
   * significant; null = it cannot be told. Absent in snapshots of earlier versions.
   */
  burst?: { excess: number; isSignal: boolean } | null
}

/** One item behind a number. `fact` is a machine word with parameters; screens put it into words. */
export type EvidenceItem = {
  kind: 'deal' | 'task' | 'activity' | 'invoice'
  id: string
  dealId: string | null
  title: string | null
  /** True when the item counts in the numerator. */
  counts: boolean
  fact: string
  params: Record<string, string | number | null>
}

/** Part `evidence:<metric>`: employee id → items of the 7-day window, newest first, at most 500 each. */
export type Evidence = Record<string, { total: number; items: EvidenceItem[] }>

export type CompanySummary = {
  openDeals: number
  /** Open value by currency. */
  openAmount: Record<string, number>
  redDeals: number
  amberDeals: number
  redAmount: Record<string, number>
  /** Share of open value that is red, 0..1, in the portal's currency. */
  redShare: number | null
  isAmnesty: boolean
  /** Last day of the first two weeks, while they last. */
  amnestyUntil?: string | null
  /** Open deals whose clocks stand still, and their value. */
  paused?: { deals: number; amount: Record<string, number> }
  /** What had not been read from the CRM when this was built: `activities`, `tasks`, `invoices`. */
  unread?: string[]
  historyStart: string | null
  actorsKnownSince: string
  /** First and last day of the week the score speaks of. */
  weekFrom: string
  weekTo: string
  /** Newest record we had when building. */
  dataUntil: string | null
}

/** How good flags and chances are here, measured on the portal's own past. */
export type BackTest = {
  basis: ChanceBasis
  decidedDeals: number
  auc: number | null
  aucLow: number | null
  aucHigh: number | null
  brier: number | null
  calibrationError: number | null
  calibration: { predicted: number; observed: number; deals: number }[]
  instants: number
}

/** A deal behind a figure of the rollout. */
export type DealMention = { id: string; title: string }

/** How a field is used (metrics 4.7); `early`: too little to judge, `unclear`: no rule of the table fits. */
export type FieldClass =
  | 'used'
  | 'niche'
  | 'decorative'
  | 'robot_only'
  | 'abandoned'
  | 'never'
  | 'unclear'
  | 'early'

export type FieldUseRow = {
  field: string
  title: string
  type: string
  isCustom: boolean
  isRequired: boolean
  class: FieldClass
  /** Deals that went beyond their first stage in the last 90 days, and how many of them carry the field. */
  due: number
  filled: number
  fill: number | null
  /** Share of filled values that are placeholders or one person's habit. */
  junk: number | null
  /** Normalised entropy of the values, 0..1. */
  variety: number | null
  writers: number
  team: number
  /** False: whoever answers for a filled deal stands for the writer. */
  isWriterObserved: boolean
  personWrites: number
  robotWrites: number
  /** No earlier than this: observed, or the creation of the newest deal that carries it. */
  lastWriteAt: string | null
  /** Readers that are known; empty = unknown. */
  readers: ('required' | 'critical' | 'loss_reason')[]
  /** The one pipeline where it is filled steadily, for a field that is not filled everywhere. */
  home: string | null
  minutesAWeek: number
  /** True when the seconds per entry are a preset. */
  isCostAssumed: boolean
  deals: DealMention[]
  blanks: DealMention[]
}

/** How a pipeline is used; `early`: younger than thirty days. */
export type PipelineClass = 'used' | 'rare' | 'asleep' | 'never' | 'early'

/** A pipeline over the last ninety days. */
export type PipelineUseRow = {
  pipelineId: string
  class: PipelineClass
  /** Put aside in the settings: its deals are in no metric. */
  isParked: boolean
  entered: number
  /** Of all deals that entered some pipeline. */
  share: number | null
  openNow: number
  decided: number
  /** Share won of those decided, with its 95 % interval. */
  win: { value: number; low: number; high: number } | null
  /** Deals that entered or moved in it, and the people who answer for them. */
  worked: number
  people: number
  /** When the last deal entered, however long ago. */
  lastAt: string | null
  enteredDeals: DealMention[]
  openDeals: DealMention[]
  decidedDeals: DealMention[]
  workedDeals: DealMention[]
  lastDeal: DealMention | null
}

export type StageAdvice = 'keep' | 'early' | 'define' | 'split' | 'merge_rare' | 'merge_quick' | 'merge_same'

/** A stage over the last half year. */
export type StageUseRow = {
  pipelineId: string
  stageId: string
  name: string
  outcome: Outcome
  /** Deals that entered any stage of the pipeline. */
  deals: number
  /** Deals that people brought here, or nobody knows who, and their share. */
  entered: number
  enteringShare: number | null
  /** Further deals that only robots or integrations brought here: no use by anybody. */
  byProgram: number
  /** Elapsed hours. */
  medianHours: number | null
  skipShare: number | null
  returnShare: number | null
  /** Share of the deals here that were lost from here. */
  endedShare: number | null
  /** Bits of won/lost that the stage tells, alone and where the stage before it is known. */
  information: number | null
  besideNeighbour: number | null
  /** Two clear lengths of stay, in hours. */
  modesHours: [number, number] | null
  /** Entries that held the stage's proof (M23). */
  provenShare: number | null
  proof: string | null
  advice: StageAdvice
  dealsHere: DealMention[]
  dealsEnded: DealMention[]
}

export type MvpElement = { kind: 'stage' | 'field'; id: string; deals: number; needing: DealMention[] }

/** The smallest set of stages and fields by which 80 % of the deals decided in half a year can be told. */
export type MvpScopeRow = {
  pipelineId: string
  /** `preset`: too few decided deals. */
  basis: 'own' | 'preset'
  decided: number
  covered: number | null
  isExact: boolean
  kept: MvpElement[]
  left: MvpElement[]
}

export type AutomationKind = 'move' | 'step' | 'message'

export type AutomationRow = {
  kind: AutomationKind
  runs: number
  kept: number
  manualMinutes: number
  isAssumed: boolean
  deals: DealMention[]
  lost: DealMention[]
}

export type AutomationUse = {
  offReason: string | null
  /** Hours a month. */
  savings: {
    observedHours: number
    hours: number
    lowHours: number
    highHours: number
    isCapped: boolean
  }
  repairHours: number
  teamWorkingHours: number
  /** Runs of the last 28 days. */
  rows: AutomationRow[]
}

export type Severity = 'high' | 'medium' | 'low'

/** Something wrong with the set-up, as a machine word with what it speaks of. */
export type LintFinding = {
  rule: string
  severity: Severity
  pipelineId: string | null
  stageId: string | null
  field: string | null
  params: Record<string, string | number>
  deals: number
  items: DealMention[]
}

/** The first week of a person in which something was seen, counted from the own week 0. */
export type FirstWeek = {
  /** Null = not seen in any week that could be judged. */
  week: number | null
  /** Weeks in which M26 could tell; 0 = nothing is known. */
  judged: number
  /** It may have been earlier: weeks that could not be judged stand before it. */
  mayBeEarlier: boolean
  /** ISO instant of the snapshot that tells of it. */
  asOf: string | null
}

/** A person on the way to the habit (metrics 4.8). */
export type AdoptionPerson = {
  personId: string
  /** Monday of the own week 0. */
  from: string
  weeks: number
  habitWeek: number | null
  hasSlidBack: boolean
  lastScore: number | null
  /** First significant tidying before the planerka, and first of three weeks of habit without it; absent in earlier versions. */
  tidying?: FirstWeek
  steady?: FirstWeek
}

export type AdoptionUse = {
  launchedOn: string
  /** Weeks since the launch. */
  week: number
  people: AdoptionPerson[]
  /** Why M26 tells nothing now, as a machine word; null = it is measured. */
  burstOff?: string | null
  reached: number
  isTooFew: boolean
  /** Shares with the habit by week 3 and 6 with their 90 % intervals; null while that cannot be known. */
  s3: { value: number; low: number; high: number } | null
  s6: { value: number; low: number; high: number } | null
}

/** How the set-up of the CRM is used; fields and what follows from them are null before the installation. */
export type RolloutPart = {
  fields: FieldUseRow[] | null
  /** Absent in snapshots of earlier versions. */
  pipelines?: PipelineUseRow[]
  stages: StageUseRow[]
  mvp: MvpScopeRow[] | null
  automation: AutomationUse | null
  lint: LintFinding[] | null
  adoption: AdoptionUse | null
}

type Moved = { deals: number; moved: number }

/** What became of the deals of a flag day 60 days later (metrics 4.5, 7). */
export type FlagCheck = {
  flaggedAt: string
  days: number
  /** The flag day lies before the installation: steps and owners of then are as far as the CRM tells. */
  isReconstructed: boolean
  /** Red deals and unflagged ones, and how many of each left their stage forward since. */
  red: Moved
  unflagged: Moved
  /** Red deals' forward rate against the unflagged rate of the same stages; null of nothing to compare. */
  ratio: number | null
  /** Red deals that a head has called normal since. */
  normal: number
  stages: {
    pipelineId: string
    stageId: string
    red: Moved
    unflagged: Moved
    ratio: number | null
    /** Red deals move on nearly as others do: the stage is badly defined or its threshold too tight. */
    isMisjudged: boolean
  }[]
}

/** What followed the weeks with a higher score, each person's weeks against their own mean. */
export type TheatreLink = {
  /** People with enough weeks, weeks of people, and the cases behind them (deals won; deal-days). */
  people: number
  weeks: number
  cases: number
  /** What ten more points of a week brought in the next one, with the 90 % interval; null = too little to tell. */
  effect: { value: number; low: number; high: number } | null
}

/** Theatre check (metrics 4.4, 8) of thirteen weeks since the launch. */
export type TheatreQuarter = {
  /** 1 = the first one since the launch. */
  number: number
  from: string
  /** Last day, `YYYY-MM-DD`. */
  to: string
  answer: 'yes' | 'no' | 'unknown'
  /** Share of won deals that were won within 14 days of the date set 30 days earlier. */
  accuracy: TheatreLink
  /** Stages passed forward per deal-day. */
  moves: TheatreLink
}

/** What weights would follow what worked; a person takes them into a new version of the rules, or does not. */
export type WeightProposal = {
  /** Pillars whose weeks went with better results. */
  gaining: PillarId[]
  /** Of a hundred; null = there is nothing to propose. */
  weights: Record<PillarId, number> | null
}

export type Theatre = {
  launchedOn: string
  /** First day on which the next quarter can be judged. */
  nextOn: string
  /** Oldest first. */
  quarters: TheatreQuarter[]
  /** After two quarters running without a link. */
  proposal: WeightProposal | null
}

export type MetricState = { metric: string; offReason: string | null; coverage: number | null }

/** Part name → content. */
export type SnapshotParts = {
  metrics: MetricRow[]
  flags: FlagRow[]
  deals: DealRow[]
  closed: ClosedRow[]
  stages: StageRow[]
  process: ProcessRow[]
  variants: VariantRow[]
  /** Designs that were in force where they are not the default; absent in snapshots of earlier versions. */
  designs?: (DrawnDesign & { pipelineId: string })[]
  /** Both absent in snapshots of past weeks that were built together. */
  processGroups?: ProcessGroup[]
  processRoads?: ProcessRoad[]
  curves: Curve[]
  fields: FieldRow[]
  scores: Score[]
  summary: CompanySummary
  catalogue: MetricState[]
  backtest: BackTest
  /** Absent until a flag day is 60 days old. */
  flagcheck?: FlagCheck
  /** Absent in snapshots of earlier versions and in weeks before the installation. */
  rollout?: RolloutPart
  /** Absent in snapshots of earlier versions and in weeks before the installation. */
  theatre?: Theatre
  [evidence: `evidence:${string}`]: Evidence
}
