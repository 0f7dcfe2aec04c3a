import { z } from 'zod'

/**
 * What `/api/v1` answers, in zod: the server checks itself against it in tests, `/openapi.json` is made
 * from it, and the widget imports the types (types only). Instants are ISO 8601 UTC, days `YYYY-MM-DD`,
 * money is in the currency that stands beside it. `null` = unknown.
 */

const id = z.string()
const instant = z.iso.datetime()
const day = z.iso.date()
const level = z.enum(['none', 'amber', 'red'])
const flag = z.enum(['age', 'silence', 'promise'])
const band = z.enum(['habit', 'forming', 'on_request', 'outside'])
const trust = z.enum(['clear', 'look', 'review'])
const pillar = z.enum(['presence', 'work', 'pipeline', 'truth', 'process'])
/** Reasons on the customer's side: a deal is paused for nothing else. */
export const pauseReason = z.enum([
  'client_asked',
  'client_away',
  'client_approval',
  'client_budget',
  'client_season',
])
export const amnestyOutcome = z.enum(['lost', 'later', 'back', 'date', 'step'])
/** Sums by currency: currencies are never added together. */
const money = z.record(z.string(), z.number())

export const sessionSchema = z.object({ token: z.string(), expiresAt: instant })

export const meSchema = z.object({
  userId: id,
  name: z.string(),
  role: z.enum(['employee', 'head', 'admin']),
  /** User ids whose data this viewer may see. */
  sees: z.array(id),
  vendor: z.enum(['bitrix24', 'amocrm', 'kommo']),
  portal: z.object({
    host: z.string(),
    /** Origin for links into the CRM. */
    origin: z.string(),
    currency: z.string().nullable(),
    timeZone: z.string(),
  }),
  language: z.enum(['ru', 'en']),
  theme: z.enum(['light', 'dark']),
  status: z.enum(['active', 'reauth_required', 'suspended', 'uninstalled']),
  /** An administrator to ask, for screens without rights. */
  adminName: z.string().nullable(),
  hasSnapshot: z.boolean(),
  /** An administrator, or the head of everybody: may look at the set-up as a whole. */
  seesCompany: z.boolean(),
  departments: z.array(z.object({ id, name: z.string(), parentId: id.nullable() })),
  /** Where the frame was opened: screen and its parameters. */
  start: z.object({ view: z.string(), params: z.record(z.string(), z.string()) }),
})

export const syncSchema = z.object({
  status: meSchema.shape.status,
  phase: z.enum(['backfill', 'incremental', 'idle']),
  /** 0..1 */
  progress: z.number(),
  outcome: z.enum(['running', 'done', 'failed']).nullable(),
  lastFinishedAt: instant.nullable(),
  lastError: z.string().nullable(),
  /** The CRM asked us to wait until then. */
  waitingUntil: instant.nullable(),
  secondsLeft: z.number().nullable(),
  steps: z.array(
    z.object({
      step: z.enum(['people', 'pipelines', 'deals', 'history', 'tasks']),
      done: z.number(),
      total: z.number().nullable(),
      perSecond: z.number().nullable(),
      state: z.enum(['waiting', 'running', 'done']),
    }),
  ),
  rejected: z.number(),
  /** True as soon as there is something to look at. */
  isUsable: z.boolean(),
})

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

const redTotals = z.object({ deals: z.number(), amount: money })

export const personSchema = z.object({
  id,
  name: z.string(),
  position: z.string().nullable(),
  departmentId: id.nullable(),
  isActive: z.boolean(),
  score: scoreSchema,
  /** Points against four weeks earlier. */
  delta: z.number().nullable(),
  /** True when the fall is outside the interval. */
  isFalling: z.boolean(),
  weeks: z.array(weekSchema),
  red: redTotals,
})

export const overviewSchema = z.object({
  asOf: instant,
  builtAt: instant,
  weekFrom: day,
  weekTo: day,
  score: scoreSchema,
  /** Whose score it is: the key for its evidence. */
  scope: z.enum(['team', 'company']),
  scopeId: id,
  delta: z.number().nullable(),
  weeks: z.array(weekSchema),
  rolloutStartedOn: day.nullable(),
  installedOn: day,
  isAmnesty: z.boolean(),
  /** Last day of the first two weeks, while they last. */
  amnestyUntil: day.nullable(),
  /** What is still being read for the first time: figures that need it are off. */
  unread: z.array(z.enum(['activities', 'tasks', 'invoices'])),
  /** Deals whose clocks stand still. */
  paused: redTotals,
  historyStart: instant.nullable(),
  actorsKnownSince: instant,
  dataUntil: instant.nullable(),
  openDeals: z.number(),
  people: z.array(personSchema),
  red: redTotals,
  amber: redTotals,
  /** People who need help: shown to heads only, at most two. */
  needHelp: z.array(id),
  reasons: z.array(z.object({ flag, red: z.number(), amber: z.number(), amount: money })),
  /** Against the snapshot a week earlier. */
  changes: z
    .object({
      since: instant,
      movedForward: redTotals,
      won: redTotals,
      cleared: redTotals,
      newRed: redTotals,
    })
    .nullable(),
})

export const dealSchema = z.object({
  id,
  title: z.string(),
  /** Path of the card inside the CRM. */
  path: z.string(),
  pipelineId: id,
  pipelineName: z.string(),
  stageId: id,
  stageName: z.string(),
  responsibleId: id.nullable(),
  responsibleName: z.string().nullable(),
  amount: z.number().nullable(),
  currency: z.string().nullable(),
  level,
  flags: z.array(flag),
  enteredAt: instant,
  ageDays: z.number(),
  silenceDays: z.number().nullable(),
  t80Days: z.number().nullable(),
  t95Days: z.number().nullable(),
  s80Days: z.number().nullable(),
  source: z.enum(['own', 'mixed', 'preset']),
  sample: z.number(),
  promise: z.enum(['missing', 'overdue']).nullable(),
  promiseOverdueDays: z.number().nullable(),
  winChance: z.number().nullable(),
  winChanceBasis: z.enum(['own', 'mixed', 'none']),
  /** Chance that the deal is still on its stage after `noMoveDays` more working days; old is not the same as stuck. */
  noMoveChance: z.number().nullable(),
  noMoveDays: z.number().nullable(),
  /** Working days of this stay during which the clocks stood still. */
  pausedDays: z.number(),
  /** Pauses this deal may still have. */
  pausesLeft: z.number(),
  /** The clocks stand still now; null = they run. */
  pause: z
    .object({ id, until: instant, reason: pauseReason, madeBy: id, madeByName: z.string().nullable() })
    .nullable(),
  /** What was said about the flag of this stay; an open one waits for the head's answer. */
  objection: z
    .object({
      state: z.enum(['open', 'normal', 'stands']),
      openedBy: id,
      openedByName: z.string().nullable(),
      openedAt: instant,
      answeredBy: id.nullable(),
      answeredByName: z.string().nullable(),
      answeredAt: instant.nullable(),
      /** Until then the flag does not count; null = it counts. */
      holdsUntil: instant.nullable(),
    })
    .nullable(),
  isFirstObserved: z.boolean(),
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

/** One deal with what people have done about its flag. */
export const dealCardSchema = dealSchema.extend({
  canMark: z.boolean(),
  canAnswer: z.boolean(),
  /** Newest first. */
  journal: z.array(
    z.object({
      at: instant,
      by: id,
      byName: z.string().nullable(),
      what: z.enum(['paused', 'pause_ended', 'objected', 'normal', 'stands']),
      until: instant.nullable(),
      reason: pauseReason.nullable(),
    }),
  ),
})

const dealIds = z.array(z.string().min(1).max(100)).min(1).max(500)
export const pauseRequestSchema = z.strictObject({ dealIds, until: day, reason: pauseReason })
export const objectionRequestSchema = z.strictObject({ dealIds })
export const answerRequestSchema = z.strictObject({ dealIds, answer: z.enum(['normal', 'stands']) })
export const amnestyRequestSchema = z.strictObject({
  dealIds,
  outcome: amnestyOutcome,
  /** For `later`. */
  until: day.optional(),
  reason: pauseReason.optional(),
})
/** What was done with each deal of a list; when nothing could be done, the answer is the first deal's problem. */
export const markedSchema = z.object({
  done: z.array(id),
  refused: z.array(z.object({ dealId: id, code: z.string() })),
})

export const amnestySchema = z.object({
  isOn: z.boolean(),
  /** Last day of the first two weeks. */
  until: day.nullable(),
  /** Red deals that the viewer may see, and those about which something was decided. */
  red: redTotals,
  decided: redTotals,
  outcomes: z.array(
    z.object({ dealId: id, outcome: amnestyOutcome, by: id, byName: z.string().nullable(), at: instant }),
  ),
})

const moved = z.object({ deals: z.number(), moved: z.number() })

/** How good flags and chances are in this portal, measured on its own past. */
export const flagQualitySchema = z.object({
  asOf: instant,
  /** Null until a flag day is 60 days old. */
  check: z
    .object({
      flaggedAt: instant,
      days: z.number(),
      isReconstructed: z.boolean(),
      red: moved,
      unflagged: moved,
      ratio: z.number().nullable(),
      normal: z.number(),
      stages: z.array(
        z.object({
          pipelineId: id,
          pipelineName: z.string(),
          stageId: id,
          stageName: z.string(),
          red: moved,
          unflagged: moved,
          ratio: z.number().nullable(),
          isMisjudged: z.boolean(),
        }),
      ),
    })
    .nullable(),
  chances: z
    .object({
      basis: z.enum(['own', 'mixed', 'none']),
      decidedDeals: z.number(),
      auc: z.number().nullable(),
      aucLow: z.number().nullable(),
      aucHigh: z.number().nullable(),
      brier: z.number().nullable(),
      calibrationError: z.number().nullable(),
      calibration: z.array(z.object({ predicted: z.number(), observed: z.number(), deals: z.number() })),
      instants: z.number(),
    })
    .nullable(),
})

/** The first week in which something was seen of a person; metrics 4.8. */
const firstWeek = z.object({
  week: z.number().nullable(),
  /** Weeks in which it could be told at all; 0 = nothing is known. */
  judged: z.number(),
  mayBeEarlier: z.boolean(),
  /** The snapshot that tells of it. */
  asOf: instant.nullable(),
})

export const employeeSchema = z.object({
  asOf: instant,
  person: personSchema,
  isAmnesty: z.boolean(),
  pillars: z.array(
    z.object({ pillar, weight: z.number(), points: z.number(), metrics: z.array(scoredMetricSchema) }),
  ),
  /** Metrics beside the score, measured for this person. */
  others: z.array(scoredMetricSchema),
  fixes: z.array(
    z.object({
      metric: z.string(),
      points: z.number(),
      minutes: z.number(),
      deals: z.array(dealSchema),
      /** In step with `deals`: what each of them alone would add to a week. */
      dealPoints: z.array(z.number().nullable()),
    }),
  ),
  deals: z.array(dealSchema),
  /** The way to the habit since the launch; null = there is no week with a score yet. */
  adoption: z
    .object({
      weeks: z.number(),
      tidying: firstWeek.nullable(),
      steady: firstWeek.nullable(),
      burstOff: z.string().nullable(),
    })
    .nullable(),
  openDeals: z.number(),
  previousId: id.nullable(),
  nextId: id.nullable(),
})

export const evidenceSchema = z.object({
  metric: z.string(),
  scope: z.enum(['employee', 'team', 'company']),
  scopeId: z.string(),
  asOf: instant,
  windowDays: z.number(),
  rulesVersion: z.string(),
  unit: z.string(),
  payClass: z.enum(['A', 'B', 'C']),
  value: z.number().nullable(),
  numerator: z.number().nullable(),
  denominator: z.number().nullable(),
  target: z.number().nullable(),
  offReason: z.string().nullable(),
  /** Of a score or its coverage: the metrics that it is made of, each with evidence of its own. */
  parts: z
    .array(
      z.object({
        pillar,
        metric: z.string(),
        weight: z.number(),
        points: z.number(),
        maxPoints: z.number(),
        offReason: z.string().nullable(),
      }),
    )
    .optional(),
  total: z.number(),
  items: z.array(
    z.object({
      kind: z.enum(['deal', 'task', 'activity', 'invoice']),
      id,
      title: z.string().nullable(),
      path: z.string().nullable(),
      ownerId: id.nullable(),
      ownerName: z.string().nullable(),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
      counts: z.boolean(),
      fact: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    }),
  ),
})

export const stageThresholdSchema = z.object({
  pipelineId: id,
  pipelineName: z.string(),
  stageId: id,
  name: z.string(),
  outcome: z.enum(['open', 'won', 'lost']),
  visits: z.number(),
  openNow: z.number(),
  medianDays: z.number().nullable(),
  t80Days: z.number().nullable(),
  t95Days: z.number().nullable(),
  source: z.enum(['own', 'mixed', 'preset']),
  forwardExits: z.number(),
  backExits: z.number(),
  lostExits: z.number(),
  otherExits: z.number(),
  /** False: the CRM lists it no more; absent = listed. */
  isListed: z.boolean().optional(),
})

/** Wins of a deviation against those of the road from the same place, decided deals only. */
const effect = z.object({
  won: z.number(),
  decided: z.number(),
  mainWon: z.number(),
  mainDecided: z.number(),
  /** Share won minus the road's, −1..1, with its 95 % interval (Newcombe 1998, method 10). */
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  /** `same`: the interval holds 0. */
  verdict: z.enum(['more', 'less', 'same']),
})

/** Deals by how they stand at `asOf`. */
const standing = z.object({ deals: z.number(), won: z.number(), lost: z.number(), open: z.number() })

/** How deals of a pipeline are meant to go, as it is set now. */
const processDesign = z.object({
  /** Which stage may follow which, won included; lost is allowed from anywhere and not told. */
  edges: z.array(z.tuple([id, id])),
  /** False: nobody has drawn it, it is each stage in its order up to won. */
  isDrawn: z.boolean(),
  since: instant.nullable(),
  /** The latest snapshot stands against this very design; until the next one it may stand against an earlier one. */
  isCounted: z.boolean(),
})

export const processDesignRequestSchema = z.strictObject({
  pipeline: z.string().min(1).max(200),
  /** Pairs of stage ids; null puts the default back. */
  edges: z
    .array(z.tuple([z.string().min(1).max(200), z.string().min(1).max(200)]))
    .max(1000)
    .nullable(),
})
export const processDesignedSchema = z.object({ pipeline: id, design: processDesign })

export const processSchema = z.object({
  asOf: instant,
  /** Whose deals: one person's, a department's, all that the viewer may see, or the whole company's. */
  scope: z.object({
    kind: z.enum(['person', 'department', 'visible', 'company']),
    id: id.nullable(),
    name: z.string().nullable(),
  }),
  /** Deals created within so many days before `asOf`, and those that stand so; null = all. */
  filter: z.object({
    periodDays: z.number().nullable(),
    outcome: z.enum(['won', 'lost', 'open']).nullable(),
  }),
  /** Heads and administrators draw the design. */
  canDraw: z.boolean(),
  /** People with deals among those whom the viewer may see, for the choice of one. */
  people: z.array(z.object({ id, name: z.string() })),
  pipelines: z.array(
    z.object({
      id,
      name: z.string(),
      design: processDesign,
      stages: z.array(stageThresholdSchema),
      edges: z.array(
        z.object({
          fromStageId: id,
          toStageId: id,
          deals: z.number(),
          moves: z.number(),
          medianDays: z.number().nullable(),
          isDesigned: z.boolean(),
          effect: effect.nullable(),
        }),
      ),
      variants: z.array(
        z.object({
          path: z.array(id),
          deals: z.number(),
          won: z.number(),
          lost: z.number(),
          open: z.number(),
          medianDays: z.number().nullable(),
          conformanceCost: z.number(),
        }),
      ),
      /** Deals that are in this pipeline and have a road, and those of them that never left the designed one. */
      all: standing,
      onRoad: standing,
      /** Roads that deviate alike, most deals first. */
      paths: z.array(
        standing.extend({
          key: z.string(),
          kind: z.enum(['asDesigned', 'skipped', 'looped', 'strayed', 'foreign']),
          stageIds: z.array(id),
          /** Different roads in it, and the most usual of them. */
          roads: z.number(),
          sample: z.array(id),
          medianDays: z.number().nullable(),
          effect: effect.nullable(),
        }),
      ),
      /** Rare roads that are not told apart; null = there are none. */
      rest: standing.nullable(),
    }),
  ),
})

export const processDealsSchema = z.object({
  asOf: instant,
  total: standing,
  medianDays: z.number().nullable(),
  effect: effect.nullable(),
  /** The newest of them. */
  items: z.array(
    z.object({
      id,
      title: z.string().nullable(),
      path: z.string(),
      ownerId: id.nullable(),
      ownerName: z.string().nullable(),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
      state: z.enum(['won', 'lost', 'open']),
    }),
  ),
})

const shareInterval = z.object({ value: z.number(), low: z.number(), high: z.number() })
const mvpElement = z.object({
  kind: z.enum(['stage', 'field']),
  id,
  name: z.string(),
  /** Decided deals that need it. */
  deals: z.number(),
})

/** How the set-up of the CRM is used; a null list was not counted in this snapshot. */
export const rolloutSchema = z.object({
  asOf: instant,
  pipelines: z.array(z.object({ id, name: z.string() })),
  canChangeRules: z.boolean(),
  /** Proof asked of stages was written by a person, not proposed from their names. */
  areRulesChosen: z.boolean(),
  adoption: z
    .object({
      launchedOn: day,
      isLaunchChosen: z.boolean(),
      week: z.number(),
      reached: z.number(),
      isTooFew: z.boolean(),
      /** Why nobody can be told from tidying now; null = it is measured. */
      burstOff: z.string().nullable(),
      s3: shareInterval.nullable(),
      s6: shareInterval.nullable(),
      curve: z.array(
        z.object({ week: z.number(), atRisk: z.number(), events: z.number(), value: z.number() }),
      ),
      people: z.array(
        z.object({
          id,
          name: z.string(),
          from: day,
          weeks: z.number(),
          habitWeek: z.number().nullable(),
          hasSlidBack: z.boolean(),
          lastScore: z.number().nullable(),
          /** First significant tidying before the planerka, and first of three weeks of habit without it. */
          tidying: firstWeek.nullable(),
          steady: firstWeek.nullable(),
        }),
      ),
    })
    .nullable(),
  fields: z
    .array(
      z.object({
        id,
        title: z.string(),
        isCustom: z.boolean(),
        isRequired: z.boolean(),
        class: z.enum([
          'used',
          'niche',
          'decorative',
          'robot_only',
          'abandoned',
          'never',
          'unclear',
          'early',
        ]),
        due: z.number(),
        filled: z.number(),
        fill: z.number().nullable(),
        junk: z.number().nullable(),
        variety: z.number().nullable(),
        writers: z.number(),
        team: z.number(),
        isWriterObserved: z.boolean(),
        robotWrites: z.number(),
        personWrites: z.number(),
        lastWriteAt: instant.nullable(),
        readers: z.array(z.enum(['required', 'critical', 'loss_reason'])),
        homeName: z.string().nullable(),
        minutesAWeek: z.number(),
        isCostAssumed: z.boolean(),
      }),
    )
    .nullable(),
  /** Pipelines over the last ninety days. */
  pipelineUse: z
    .array(
      z.object({
        id,
        name: z.string(),
        class: z.enum(['used', 'rare', 'asleep', 'never', 'early']),
        isParked: z.boolean(),
        entered: z.number(),
        share: z.number().nullable(),
        openNow: z.number(),
        decided: z.number(),
        /** With its 95 % interval. */
        win: shareInterval.nullable(),
        worked: z.number(),
        people: z.number(),
        lastAt: instant.nullable(),
      }),
    )
    .nullable(),
  stages: z
    .array(
      z.object({
        pipelineId: id,
        stageId: id,
        name: z.string(),
        outcome: z.enum(['open', 'won', 'lost']),
        deals: z.number(),
        entered: z.number(),
        enteringShare: z.number().nullable(),
        byProgram: z.number(),
        medianHours: z.number().nullable(),
        skipShare: z.number().nullable(),
        returnShare: z.number().nullable(),
        endedShare: z.number().nullable(),
        information: z.number().nullable(),
        besideNeighbour: z.number().nullable(),
        modesHours: z.array(z.number()).nullable(),
        provenShare: z.number().nullable(),
        proof: z.string().nullable(),
        advice: z.enum(['keep', 'early', 'define', 'split', 'merge_rare', 'merge_quick', 'merge_same']),
      }),
    )
    .nullable(),
  mvp: z
    .array(
      z.object({
        pipelineId: id,
        pipelineName: z.string(),
        basis: z.enum(['own', 'preset']),
        decided: z.number(),
        covered: z.number().nullable(),
        isExact: z.boolean(),
        kept: z.array(mvpElement),
        left: z.array(mvpElement),
      }),
    )
    .nullable(),
  automation: z
    .object({
      offReason: z.string().nullable(),
      observedHours: z.number(),
      hours: z.number(),
      lowHours: z.number(),
      highHours: z.number(),
      isCapped: z.boolean(),
      repairHours: z.number(),
      rows: z.array(
        z.object({
          kind: z.enum(['move', 'step', 'message']),
          runs: z.number(),
          kept: z.number(),
          manualMinutes: z.number(),
          isAssumed: z.boolean(),
        }),
      ),
    })
    .nullable(),
  lint: z
    .array(
      z.object({
        rule: z.string(),
        severity: z.enum(['high', 'medium', 'low']),
        pipelineName: z.string().nullable(),
        stageName: z.string().nullable(),
        fieldTitle: z.string().nullable(),
        params: z.record(z.string(), z.union([z.string(), z.number()])),
        deals: z.number(),
      }),
    )
    .nullable(),
})

/** The newest deals behind one figure of the rollout. */
export const rolloutDealsSchema = z.object({
  total: z.number(),
  deals: z.array(z.object({ id, title: z.string(), path: z.string() })),
})

export const catalogueSchema = z.array(
  z.object({
    metric: z.string(),
    pillar: pillar.nullable(),
    unit: z.string(),
    payClass: z.enum(['A', 'B', 'C']),
    target: z.number().nullable(),
    lessIsBetter: z.boolean(),
    version: z.string(),
    offReason: z.string().nullable(),
    coverage: z.number().nullable(),
  }),
)

const pillarWeights = z.record(pillar, z.number())
const theatreLink = z.object({
  people: z.number(),
  weeks: z.number(),
  cases: z.number(),
  /** What ten more points of a week brought in the next one; null = too little to tell. */
  effect: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
})

/** Whether weeks with a higher score bring better results, asked once a quarter; metrics 4.4, rule 8. */
export const theatreCheckSchema = z.object({
  /** Weights of the pillars now, of a hundred. */
  weights: pillarWeights,
  /** What an answer asks for at least: people with so many weeks each, weeks of people, deals won. */
  least: z.object({ people: z.number(), weeksEach: z.number(), weeks: z.number(), won: z.number() }),
  /** Null until the next nightly count. */
  check: z
    .object({
      launchedOn: day,
      nextOn: day,
      /** Oldest first. */
      quarters: z.array(
        z.object({
          number: z.number(),
          from: day,
          to: day,
          answer: z.enum(['yes', 'no', 'unknown']),
          /** Share of won deals that were won near the date set 30 days earlier. */
          accuracy: theatreLink,
          /** Stages passed forward per deal-day. */
          moves: theatreLink,
        }),
      ),
      /** After two quarters running without a link; `weights: null` = there is nothing to propose. */
      proposal: z.object({ gaining: z.array(pillar), weights: pillarWeights.nullable() }).nullable(),
    })
    .nullable(),
})

/** `widget`: the message waits in the widget and goes nowhere. */
const channel = z.enum(['crm', 'email', 'telegram', 'task', 'widget'])

export const preferencesSchema = z.object({
  digest: z.boolean(),
  channel,
  email: z.string().nullable(),
  /** The CRM's own address of this person, used while none is given here. */
  crmEmail: z.string().nullable(),
  telegramLinked: z.boolean(),
  /** The server has a bot, so that a chat can be linked. */
  telegramAvailable: z.boolean(),
  language: z.enum(['ru', 'en']).nullable(),
  theme: z.enum(['light', 'dark']).nullable(),
  /** Channels that can work here. */
  channels: z.array(channel),
})

/** A link that opens the bot and links the chat of whoever follows it, once. */
export const telegramInviteSchema = z.object({ url: z.url(), expiresAt: instant })

/** The viewer's own message of today, as it stands in the widget. */
export const ownDigestSchema = z.object({
  asOf: instant,
  role: z.enum(['head', 'employee']),
  lines: z.array(
    z.object({
      text: z.string(),
      link: z
        .object({
          label: z.string(),
          /** Inside the CRM. */
          path: z.string(),
          /** The screen of ours behind the path; absent = a page of the CRM. */
          target: z.object({ view: z.string(), params: z.record(z.string(), z.string()) }).optional(),
        })
        .nullable(),
    }),
  ),
})

export const preferencesPatchSchema = z
  .strictObject({
    digest: z.boolean(),
    channel,
    email: z.email().nullable(),
    language: z.enum(['ru', 'en']).nullable(),
    theme: z.enum(['light', 'dark']).nullable(),
  })
  .partial()

export const digestPreviewSchema = z.array(
  z.object({
    userId: id,
    name: z.string(),
    role: z.enum(['head', 'employee']),
    channel: z.string(),
    text: z.string(),
    dealIds: z.array(id),
  }),
)

/** What Settings shows besides the settings themselves. */
export const settingsViewSchema = z.object({
  settings: z.unknown(),
  canChange: z.boolean(),
  people: z.array(
    z.object({
      id,
      name: z.string(),
      departmentIds: z.array(id),
      isActive: z.boolean(),
      isAdmin: z.boolean(),
    }),
  ),
  departments: z.array(z.object({ id, name: z.string(), parentId: id.nullable(), headId: id.nullable() })),
  /** The CRM itself says who heads what. */
  hasHierarchy: z.boolean(),
  /** Where the CRM keeps no hierarchy: who probably heads what, for an administrator to accept. */
  proposedHeads: z.array(
    z.object({ departmentId: id, userIds: z.array(id), why: z.enum(['all', 'group', 'admin']) }),
  ),
  pipelines: z.array(z.object({ id, name: z.string() })),
  fields: z.array(
    z.object({ id, title: z.string(), type: z.string(), isCustom: z.boolean(), isRequired: z.boolean() }),
  ),
  /** Targets of the score's metrics; after four weeks the team's own 60th percentile is proposed. */
  targets: z.array(
    z.object({
      metric: z.string(),
      unit: z.string(),
      lessIsBetter: z.boolean(),
      initial: z.number(),
      accepted: z.number().nullable(),
      proposed: z.number().nullable(),
      people: z.number(),
    }),
  ),
  proposedCriticalFields: z.array(z.string()),
  stages: z.array(stageThresholdSchema),
  stored: z.object({ rows: z.record(z.string(), z.number()) }),
  log: z.array(z.object({ at: instant, changedBy: z.string(), change: z.unknown() })),
  preferences: preferencesSchema,
})

/** What is written into the CRM, and whether. */
export const writeBackSchema = z.object({
  marks: z.boolean(),
  tasks: z.boolean(),
  level: z.enum(['red', 'amber']),
  /** How this CRM shows a mark: a tag among others, or a field of its own. */
  by: z.enum(['tag', 'field']),
  /** The marks as people read them in the CRM. */
  words: z.object({ red: z.string(), amber: z.string() }),
  /** Switching, and everything that concerns the whole portal. */
  canSwitch: z.boolean(),
  /** Marks and tasks for chosen deals. */
  canWrite: z.boolean(),
  undoHours: z.number(),
})

export const writeBackChoiceSchema = z.strictObject({
  marks: z.boolean(),
  tasks: z.boolean(),
  level: z.enum(['red', 'amber']),
})
/** `hash` of the preview that was looked at: needed to switch anything on. */
const planHash = z.string().regex(/^[0-9a-f]{32}$/, 'must be the hash of a preview')
export const writeBackSwitchSchema = writeBackChoiceSchema.extend({ hash: planHash.optional() })
export const writeBackRunBodySchema = z.strictObject({ hash: planHash })
export const writeBackDealsSchema = z.strictObject({
  action: z.enum(['mark', 'task']),
  dealIds: z.array(z.string().min(1).max(100)).min(1).max(200),
  /** Text of the task; without it, the usual one. */
  title: z.string().trim().min(1).max(200).optional(),
})
export const writeBackDealsRunSchema = writeBackDealsSchema.extend({ hash: planHash })
export const writeBackUndoSchema = z.strictObject({ entryId: z.string().max(100).optional() })

const writeKind = z.enum(['mark', 'task', 'closeTask'])
export const writeBackPreviewSchema = z.object({
  asOf: instant,
  hash: z.string(),
  changes: z.array(
    z.object({
      kind: writeKind,
      dealId: id,
      title: z.string(),
      path: z.string(),
      responsibleName: z.string().nullable(),
      before: z.string().nullable(),
      after: z.string().nullable(),
      dueAt: instant.nullable(),
    }),
  ),
  /** Differences beyond one run's most: left for the next run. */
  waiting: z.number(),
})
export const writeBackStartedSchema = z.object({ batchId: id, changes: z.number() })
export const writeBackUndoingSchema = z.object({ entries: z.number() })

export const writeBackRunSchema = z.object({
  batchId: id,
  origin: z.enum(['schedule', 'manual', 'bulk']),
  askedByName: z.string().nullable(),
  plannedAt: instant,
  planned: z.number(),
  written: z.number(),
  refused: z.number(),
  undone: z.number(),
  /** Neither written nor given up, or asked to be taken back and not done yet. */
  waiting: z.number(),
  /** Until when it may be taken back; null = there is nothing to take back. */
  undoUntil: instant.nullable(),
})
export const writeBackRunsSchema = z.array(writeBackRunSchema)
export const writeBackEntriesSchema = z.array(
  z.object({
    id,
    kind: writeKind,
    dealId: id,
    title: z.string(),
    path: z.string(),
    before: z.string().nullable(),
    after: z.string().nullable(),
    dueAt: instant.nullable(),
    state: z.enum(['waiting', 'written', 'undoing', 'undone', 'left', 'refused']),
    /** Why it was left or refused: `changed_by_person`, `done_by_person`, `refused` and the like. */
    note: z.string().nullable(),
    /** The CRM's own code of a refusal. */
    error: z.string().nullable(),
    at: instant.nullable(),
    canUndo: z.boolean(),
  }),
)

export type Session = z.infer<typeof sessionSchema>
export type Me = z.infer<typeof meSchema>
export type SyncState = z.infer<typeof syncSchema>
export type ScoreView = z.infer<typeof scoreSchema>
export type Week = z.infer<typeof weekSchema>
export type PersonView = z.infer<typeof personSchema>
export type Overview = z.infer<typeof overviewSchema>
export type DealView = z.infer<typeof dealSchema>
export type ScoredMetricView = z.infer<typeof scoredMetricSchema>
export type DealCard = z.infer<typeof dealCardSchema>
export type PauseReason = z.infer<typeof pauseReason>
export type AmnestyOutcome = z.infer<typeof amnestyOutcome>
export type Marked = z.infer<typeof markedSchema>
export type AmnestyView = z.infer<typeof amnestySchema>
export type FlagQuality = z.infer<typeof flagQualitySchema>
export type EmployeeView = z.infer<typeof employeeSchema>
export type EvidenceView = z.infer<typeof evidenceSchema>
export type StageThreshold = z.infer<typeof stageThresholdSchema>
export type ProcessView = z.infer<typeof processSchema>
export type ProcessDeals = z.infer<typeof processDealsSchema>
export type RolloutView = z.infer<typeof rolloutSchema>
export type RolloutDeals = z.infer<typeof rolloutDealsSchema>
export type TheatreCheckView = z.infer<typeof theatreCheckSchema>
export type CatalogueView = z.infer<typeof catalogueSchema>
export type Preferences = z.infer<typeof preferencesSchema>
export type PreferencesPatch = z.infer<typeof preferencesPatchSchema>
export type TelegramInvite = z.infer<typeof telegramInviteSchema>
export type OwnDigest = z.infer<typeof ownDigestSchema>
export type DigestPreview = z.infer<typeof digestPreviewSchema>
export type WriteBack = z.infer<typeof writeBackSchema>
export type WriteBackChoice = z.infer<typeof writeBackChoiceSchema>
export type WriteBackDeals = z.infer<typeof writeBackDealsSchema>
export type WriteBackPreview = z.infer<typeof writeBackPreviewSchema>
export type WriteBackStarted = z.infer<typeof writeBackStartedSchema>
export type WriteBackUndoing = z.infer<typeof writeBackUndoingSchema>
export type WriteBackRun = z.infer<typeof writeBackRunSchema>
export type WriteBackEntry = z.infer<typeof writeBackEntriesSchema>[number]
export type SettingsView = z.infer<typeof settingsViewSchema>
