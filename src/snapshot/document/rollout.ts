import type { Outcome } from '../../records/records.ts'
import type { DealMention } from './words.ts'

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
  /** ISO instants of the snapshots that tell of the week of the habit and of the last score; absent in earlier versions. */
  habitAsOf?: string | null
  lastAsOf?: string | null
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
