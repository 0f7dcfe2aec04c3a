import type { World } from '../world.ts'
import { ascendingOrder } from './ascending.ts'
import { LOST, OPEN, OTHER, WON } from './code.ts'
import { exitKind, isKnownDeal, type StageInfo } from './episodes.ts'
import type { PortalHistory } from './stays.ts'

/** A responsible's number where a deal has none, and where nobody is told apart. */
export const NOBODY = -1
export const TOGETHER = -2

/** Deals of one person that stand alike and are kept by name, the newest of those that share a move, stage or road. */
export const KEPT_DEALS = 30

/**
 * Periods before `asOf` that deals are told apart by, in elapsed days since their creation. Cohorts are disjoint:
 * number n holds what the n-th period has and the one before has not, the last one all that is older.
 */
export const PERIOD_DAYS = [30, 90, 365] as const
const DAY_MS = 86_400_000

/** Deals of one person, of one cohort and one outcome that share something: a move, a stage, a road. */
export type Cell = {
  /** Number of the responsible, `NOBODY` or `TOGETHER`. */
  person: number
  cohort: number
  /** OPEN, WON or LOST: by the stage where its deals stand at `asOf`. */
  outcome: number
  deals: number
  /** Working days, one for each move, finished stay or deal. */
  days: number[]
  /** Numbers of its first deals, while there is room: the newest, where people are told apart. */
  newest: number[]
  /** How many of `KEPT_DEALS` the same person's younger cohorts and this one have left. */
  room: number
  /** The deal that was counted last: one deal is counted once, however often it comes by. */
  lastDeal: number
}
export type EdgeCell = Cell & {
  from: number
  to: number
  /** Of a shortcut: deals of it that also took the road from the same stage. */
  alsoRoad: number
}
export type StageCell = Cell & {
  stage: number
  visits: number
  openNow: number
  /** Finished stays by the kind of their exit. */
  exits: Int32Array
  /** Deals that left this stage backwards at least once. */
  turnedBack: number
}
/** `path`: one and the same list for everybody on that road. */
export type VariantCell = Cell & { path: readonly number[] }

export type ProcessCells = {
  edges: EdgeCell[]
  stages: StageCell[]
  variants: VariantCell[]
}

/**
 * Counts every deal once into the cells of its moves, stages and road, apart for each responsible, cohort and outcome.
 * The road is the pipeline's listed open stages in their order, then won. A deal is won, lost or open by the stage it
 * is on at `asOf`, whichever pipeline that is.
 * @param owners number of each deal's responsible or `NOBODY`; null = neither people nor cohorts are told apart
 */
export const countProcess = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  world: World,
  owners: Int32Array | null,
): ProcessCells => {
  const { asOf, workingTime } = world
  const size = infos.length
  const places = placesOf(infos, world)
  const pipelines = pipelineNumbers(infos)
  const { at, stage } = history.row
  const { firstRow, firstStay } = history.deal
  const { stage: stayStage, enteredAt, leftAt, nextStage } = history.stay
  const found: ProcessCells = { edges: [], stages: [], variants: [] }
  const roads = startRoads(size)
  const started = (person: number) =>
    [OPEN, WON, LOST].map(outcome => startCells(person, outcome, size, found))
  let person = TOGETHER
  let ofPerson = started(person)
  /** Of the finished stays of the deal in hand. */
  const durations: number[] = []
  // Person by person, so that the few cells in use stay near.
  for (const deal of owners === null ? dealsOf(history) : byOwner(owners, history)) {
    if (!isKnownDeal(history, deal, asOf)) continue
    if (owners !== null && owners[deal] !== person) {
      person = owners[deal]!
      ofPerson = started(person)
    }
    const first = firstRow[deal]!
    let end = first
    while (end < firstRow[deal + 1]! && at[end]! <= asOf) end++
    const outcome = outcomeOf(history, infos, deal, first, end, asOf)
    const own = ofPerson[outcome]!
    if (owners !== null) own.cohort = cohortOf(asOf - history.deal.createdAt[deal]!)
    let stays = 0
    for (let stay = firstStay[deal]!; stay < firstStay[deal + 1]! && enteredAt[stay]! <= asOf; stay++) {
      const number = stayStage[stay]!
      const cell = own.stage(number)
      count(cell, deal)
      cell.visits++
      if (leftAt[stay]! <= asOf) {
        const days = workingTime.days(enteredAt[stay]!, leftAt[stay]!)
        durations[stays] = days
        cell.days.push(days)
        cell.exits[exitKind(infos[number]!, infos[nextStage[stay]!]!)]!++
      } else if (infos[number]!.code === OPEN) cell.openNow++
      stays++
    }
    if (end === first) continue
    // Without an immediate repeat each row but the last is one finished stay.
    const isPlain = stays === end - first
    for (let row = first + 1; row < end; row++) {
      const from = stage[row - 1]!
      const to = stage[row]!
      if (pipelines[from] !== pipelines[to]) continue
      const cell = own.edge(from, to)
      const isNew = cell.lastDeal !== deal
      count(cell, deal)
      cell.days.push(isPlain ? durations[row - 1 - first]! : workingTime.days(at[row - 1]!, at[row]!))
      if (!isNew || outcome === OPEN) continue
      const step = stepOf(places[from]!, places[to]!)
      if (step === 'skip' && tookRoad(stage, first, end, from, places, pipelines)) {
        cell.alsoRoad++
      }
      if (step === 'back' && isFirstBack(stage, first, row, places, pipelines)) {
        own.stage(from).turnedBack++
      }
    }
    const road = own.road(roads(stage, first, end))
    count(road, deal)
    road.days.push(workingTime.days(createdAtOf(history, deal), at[end - 1]!))
  }
  return found
}

const cohortOf = (age: number): number => {
  const cohort = PERIOD_DAYS.findIndex(days => age <= days * DAY_MS)
  return cohort < 0 ? PERIOD_DAYS.length : cohort
}

/**
 * The cells of one responsible's deals that stand alike, made when first asked for and added to what was found. Deals
 * come newest first, so that a cohort's cells follow on those of the one before and share their room.
 */
const startCells = (person: number, outcome: number, size: number, found: ProcessCells) => {
  const edges = new Map<number, EdgeCell>()
  const stages = new Map<number, StageCell>()
  const roads = new Map<number, VariantCell>()
  const empty = (room = KEPT_DEALS): Cell => ({
    person,
    cohort: own.cohort,
    outcome,
    deals: 0,
    days: [],
    newest: [],
    room,
    lastDeal: -1,
  })
  const own = {
    cohort: 0,
    edge: (from: number, to: number): EdgeCell => {
      let cell = edges.get(from * size + to)
      if (cell?.cohort !== own.cohort) {
        cell = { ...empty(cell?.room), from, to, alsoRoad: 0 }
        edges.set(from * size + to, cell)
        found.edges.push(cell)
      }
      return cell
    },
    stage: (stage: number): StageCell => {
      let cell = stages.get(stage)
      if (cell?.cohort !== own.cohort) {
        const exits = new Int32Array(OTHER + 1)
        cell = { ...empty(cell?.room), stage, visits: 0, openNow: 0, exits, turnedBack: 0 }
        stages.set(stage, cell)
        found.stages.push(cell)
      }
      return cell
    },
    road: ({ number, path }: Road): VariantCell => {
      let cell = roads.get(number)
      if (cell?.cohort !== own.cohort) {
        cell = { ...empty(cell?.room), path }
        roads.set(number, cell)
        found.variants.push(cell)
      }
      return cell
    },
  }
  return own
}

const dealsOf = (history: PortalHistory): Int32Array => {
  const order = new Int32Array(history.deals)
  for (let deal = 0; deal < order.length; deal++) order[deal] = deal
  return order
}

/** Deals by their responsible, each one's newest first: a counting sort over the order of creation. */
const byOwner = (owners: Int32Array, history: PortalHistory): Int32Array => {
  // NOBODY is −1.
  const next = new Int32Array(history.people.length + 2)
  for (const owner of owners) next[owner + 2]!++
  for (let index = 1; index < next.length; index++) next[index]! += next[index - 1]!
  const order = new Int32Array(owners.length)
  for (const deal of ascendingOrder(history.deal.createdAt).reverse())
    order[next[owners[deal]! + 1]!++] = deal
  return order
}

export type Step = 'road' | 'skip' | 'back' | 'other'

/** What a move is on the designed road, from the places of its two stages. */
export const stepOf = (from: number, to: number): Step => {
  if (from < 0 || to < 0 || from === to) return 'other'
  if (to === from + 1) return 'road'
  return to > from ? 'skip' : 'back'
}

const count = (cell: Cell, deal: number): void => {
  if (cell.lastDeal === deal) return
  cell.lastDeal = deal
  cell.deals++
  if (cell.room === 0) return
  cell.room--
  cell.newest.push(deal)
}

type Road = { number: number; path: readonly number[] }

/** Roads as a tree of stages: half a million visits find theirs without writing a road out. */
const startRoads = (size: number): ((stage: Int32Array, first: number, end: number) => Road) => {
  const children = new Map<number, number>()
  const roads: Road[] = []
  let nodes = 0
  return (stage, first, end) => {
    let node = 0
    for (let row = first; row < end; row++) {
      const key = node * size + stage[row]!
      let next = children.get(key)
      if (next === undefined) {
        next = ++nodes
        children.set(key, next)
      }
      node = next
    }
    let road = roads[node]
    if (road === undefined) {
      road = { number: node, path: Array.from(stage.subarray(first, end)) }
      roads[node] = road
    }
    return road
  }
}

const pipelineNumbers = (infos: readonly StageInfo[]): Int32Array => {
  const numbers = new Map<string, number>()
  return Int32Array.from(infos, ({ pipelineId }) => {
    let number = numbers.get(pipelineId)
    if (number === undefined) {
      number = numbers.size
      numbers.set(pipelineId, number)
    }
    return number
  })
}

/** Listed open stages of each pipeline by their order, then won; stages beside the road have no place. */
const placesOf = (infos: readonly StageInfo[], world: World): Int32Array => {
  const roads = new Map<string, Map<string, number>>()
  const open = [...world.stages.values()]
    .filter(stage => stage.isListed && stage.outcome === 'open')
    .sort((a, b) => a.order - b.order)
  for (const { pipelineId, stageId } of open) {
    const road = roads.get(pipelineId)
    if (road === undefined) roads.set(pipelineId, new Map([[stageId, 0]]))
    else road.set(stageId, road.size)
  }
  return Int32Array.from(infos, ({ pipelineId, stageId, code }) => {
    const road = roads.get(pipelineId)
    if (road === undefined) return -1
    return code === WON ? road.size : (road.get(stageId) ?? -1)
  })
}

/** Whether the deal also went from that stage to the very next one of the road. */
const tookRoad = (
  stage: Int32Array,
  first: number,
  end: number,
  from: number,
  places: Int32Array,
  pipelines: Int32Array,
): boolean => {
  for (let row = first + 1; row < end; row++) {
    const to = stage[row]!
    if (stage[row - 1] === from && pipelines[to] === pipelines[from] && places[to] === places[from]! + 1)
      return true
  }
  return false
}

/** Whether this row is the first on which the deal leaves its stage backwards. */
const isFirstBack = (
  stage: Int32Array,
  first: number,
  row: number,
  places: Int32Array,
  pipelines: Int32Array,
): boolean => {
  const from = stage[row - 1]!
  for (let earlier = first + 1; earlier < row; earlier++) {
    const to = stage[earlier]!
    if (
      stage[earlier - 1] === from &&
      pipelines[to] === pipelines[from] &&
      stepOf(places[from]!, places[to]!) === 'back'
    )
      return false
  }
  return true
}

/** Where the deal stands at `asOf`; a deal without rows stands on its last known place. */
const outcomeOf = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  deal: number,
  first: number,
  end: number,
  asOf: number,
): number => {
  if (end > first) return infos[history.row.stage[end - 1]!]!.code
  const { firstStay } = history.deal
  let outcome = OPEN
  for (let stay = firstStay[deal]!; stay < firstStay[deal + 1]!; stay++)
    if (history.stay.enteredAt[stay]! <= asOf) outcome = infos[history.stay.stage[stay]!]!.code
  return outcome
}

/** The creation row is the creation where there is one. */
const createdAtOf = (history: PortalHistory, deal: number): number => {
  const first = history.deal.firstRow[deal]!
  const { at, isCreation } = history.row
  return isCreation[first] === 1 ? at[first]! : Math.min(at[first]!, history.deal.createdAt[deal]!)
}

/** Durations of some cells as one list. */
export const daysOf = (cells: readonly Cell[]): Float64Array => {
  const all = new Float64Array(cells.reduce((sum, { days }) => sum + days.length, 0))
  let offset = 0
  for (const { days } of cells) {
    all.set(days, offset)
    offset += days.length
  }
  return all
}
