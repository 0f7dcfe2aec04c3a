import type { Dossier } from '../../records/facts.ts'
import { isProgram, type Outcome } from '../../records/records.ts'
import { type Touch, touchOf } from '../touch.ts'
import { stageKey } from '../world.ts'
import { bulkKnownAt } from './bulk.ts'
import { NEVER, OUTCOMES } from './code.ts'
import { flags, indexes, instants } from './column.ts'

/**
 * All moves of a portal, row by row as they were, and the stays between them, where an immediate repeat of a
 * stage is one stay. Columns hold everything we know, whatever the instant asked about: a reader cuts at its
 * `asOf`, so one table serves twelve weekly snapshots. Templates are left out.
 */
export type PortalHistory = {
  readonly deals: number
  readonly stays: number
  readonly stages: readonly { pipelineId: string; stageId: string; key: string; outcome: Outcome }[]
  readonly deal: {
    readonly id: readonly string[]
    readonly createdAt: Float64Array
    /** Instant of the deletion, or NEVER. */
    readonly deletedAt: Float64Array
    /** First row, first stay, first contact, first owner of each deal, with one more at the end. */
    readonly firstRow: Int32Array
    readonly firstStay: Int32Array
    readonly firstContact: Int32Array
    readonly firstOwner: Int32Array
  }
  /** People who answered for a deal, by number. */
  readonly people: readonly string[]
  /** Who answered for each deal since when it was observed, ascending; −1 = nobody. */
  readonly owner: { readonly at: Float64Array; readonly person: Int32Array }
  readonly row: {
    readonly at: Float64Array
    readonly stage: Int32Array
    readonly outcome: Uint8Array
    readonly isCreation: Uint8Array
    /** Made by a robot or an integration. */
    readonly isByProgram: Uint8Array
    /** When the row became known as part of a bulk clean-up, or NEVER. */
    readonly bulkKnownAt: Float64Array
  }
  readonly stay: {
    readonly deal: Int32Array
    readonly stage: Int32Array
    readonly enteredAt: Float64Array
    /** NEVER while the deal is there. */
    readonly leftAt: Float64Array
    readonly nextStage: Int32Array
    /** Row that began it; −1 for the place of a deal without rows. */
    readonly entryRow: Int32Array
    readonly exitRow: Int32Array
    readonly outcome: Uint8Array
  }
  /** Stays by stage: `order` holds stay numbers, `first` where each stage begins. */
  readonly byStage: { readonly order: Int32Array; readonly first: Int32Array }
  /** Two-way contacts of each deal, ascending by `at`. */
  readonly contact: { readonly at: Float64Array; readonly knownAt: Float64Array }
}

export type StaysCollector = {
  /** @param dossier moves ascending, as the store streams it; facts later than any `asOf` are welcome */
  add(dossier: Dossier): void
  build(): PortalHistory
}

/** Collects the history of a portal from a stream of dossiers. About 60 bytes a move. */
export const collectStays = (): StaysCollector => {
  /** Numbers by pipeline and stage: a key of both would be put together for every move. */
  const stageOf = new Map<string, Map<string, number>>()
  const stages: { pipelineId: string; stageId: string; key: string; outcome: Outcome }[] = []
  const actorOf = new Map<string, number>()
  const dealId: string[] = []
  const createdAt = instants()
  const deletedAt = instants()
  const firstRow = indexes()
  const firstStay = indexes()
  const firstContact = indexes()
  const firstOwner = indexes()
  const personOf = new Map<string, number>()
  const owner = { at: instants(), person: indexes() }
  const row = {
    at: instants(),
    stage: indexes(),
    outcome: flags(),
    isCreation: flags(),
    isByProgram: flags(),
    actor: indexes(),
  }
  const rowDeal = indexes()
  const stay = {
    deal: indexes(),
    stage: indexes(),
    enteredAt: instants(),
    leftAt: instants(),
    nextStage: indexes(),
    entryRow: indexes(),
    exitRow: indexes(),
    outcome: flags(),
  }
  const contact = { at: instants(), knownAt: instants() }

  const stageNumber = (pipelineId: string, stageId: string, outcome: Outcome): number => {
    let numbers = stageOf.get(pipelineId)
    if (numbers === undefined) {
      numbers = new Map()
      stageOf.set(pipelineId, numbers)
    }
    let number = numbers.get(stageId)
    if (number === undefined) {
      number = stages.length
      numbers.set(stageId, number)
      stages.push({ pipelineId, stageId, key: stageKey(pipelineId, stageId), outcome })
    }
    return number
  }
  const actorNumber = (actor: string | null): number => {
    if (actor === null) return -1
    let number = actorOf.get(actor)
    if (number === undefined) {
      number = actorOf.size
      actorOf.set(actor, number)
    }
    return number
  }
  const addOwners = (versions: Dossier['versions']): void => {
    let last: string | null | undefined
    for (const { observedAt, responsibleId } of versions) {
      if (responsibleId === last) continue
      last = responsibleId
      let number = responsibleId === null ? -1 : personOf.get(responsibleId)
      if (number === undefined) {
        number = personOf.size
        personOf.set(responsibleId!, number)
      }
      owner.at.push(observedAt)
      owner.person.push(number)
    }
  }
  /** A stay begins; it lasts until it is ended. */
  const beginStay = (stage: number, enteredAt: number, entryRow: number, outcome: number): void => {
    stay.deal.push(dealId.length)
    stay.stage.push(stage)
    stay.enteredAt.push(enteredAt)
    stay.entryRow.push(entryRow)
    stay.outcome.push(outcome)
  }
  const endStay = (leftAt: number, nextStage: number, exitRow: number): void => {
    stay.leftAt.push(leftAt)
    stay.nextStage.push(nextStage)
    stay.exitRow.push(exitRow)
  }

  const addRows = (dossier: Dossier): void => {
    let current = -1
    for (const move of dossier.moves) {
      const stage = stageNumber(move.pipelineId, move.stageId, move.outcome)
      const outcome = OUTCOMES.indexOf(move.outcome)
      const number = row.at.length
      row.at.push(move.at)
      row.stage.push(stage)
      row.outcome.push(outcome)
      row.isCreation.push(move.isCreation ? 1 : 0)
      row.isByProgram.push(isProgram(move.actorClass) ? 1 : 0)
      row.actor.push(actorNumber(move.movedBy))
      rowDeal.push(dealId.length)
      if (stage === current) continue
      if (current !== -1) endStay(move.at, stage, number)
      beginStay(stage, move.at, number, outcome)
      current = stage
    }
    endStay(NEVER, -1, -1)
  }

  /** A deal without rows has been where it is since its last known move. */
  const addPlace = (dossier: Dossier): void => {
    const { pipelineId, stageId, outcome, movedAt, closedAt } = dossier.current
    const enteredAt = movedAt ?? (outcome === 'open' ? null : closedAt) ?? dossier.createdAt
    const stage = stageNumber(pipelineId, stageId, outcome)
    beginStay(stage, enteredAt, -1, OUTCOMES.indexOf(outcome))
    endStay(NEVER, -1, -1)
  }

  return {
    add(dossier) {
      if (dossier.isTemplate) return
      firstRow.push(row.at.length)
      firstStay.push(stay.deal.length)
      firstContact.push(contact.at.length)
      firstOwner.push(owner.at.length)
      addOwners(dossier.versions)
      if (dossier.moves.length > 0) addRows(dossier)
      else addPlace(dossier)
      const contacts: Touch[] = []
      for (const activity of dossier.activities) {
        const touch = touchOf(activity)
        if (touch?.isTwoWay === true) contacts.push(touch)
      }
      contacts.sort((a, b) => a.at - b.at)
      for (const touch of contacts) {
        contact.at.push(touch.at)
        contact.knownAt.push(touch.knownAt)
      }
      createdAt.push(dossier.createdAt)
      deletedAt.push(dossier.deletedAt ?? NEVER)
      dealId.push(dossier.id)
    },
    build() {
      firstRow.push(row.at.length)
      firstStay.push(stay.deal.length)
      firstContact.push(contact.at.length)
      firstOwner.push(owner.at.length)
      const rows = {
        at: row.at.trimmed(),
        stage: row.stage.trimmed(),
        outcome: row.outcome.trimmed(),
        isCreation: row.isCreation.trimmed(),
        isByProgram: row.isByProgram.trimmed(),
        actor: row.actor.trimmed(),
        deal: rowDeal.trimmed(),
      }
      const stayStage = stay.stage.trimmed()
      return {
        deals: dealId.length,
        stays: stayStage.length,
        stages,
        deal: {
          id: dealId,
          createdAt: createdAt.trimmed(),
          deletedAt: deletedAt.trimmed(),
          firstRow: firstRow.trimmed(),
          firstStay: firstStay.trimmed(),
          firstContact: firstContact.trimmed(),
          firstOwner: firstOwner.trimmed(),
        },
        people: [...personOf.keys()],
        owner: { at: owner.at.trimmed(), person: owner.person.trimmed() },
        row: { ...rows, bulkKnownAt: bulkKnownAt(rows, stages) },
        stay: {
          deal: stay.deal.trimmed(),
          stage: stayStage,
          enteredAt: stay.enteredAt.trimmed(),
          leftAt: stay.leftAt.trimmed(),
          nextStage: stay.nextStage.trimmed(),
          entryRow: stay.entryRow.trimmed(),
          exitRow: stay.exitRow.trimmed(),
          outcome: stay.outcome.trimmed(),
        },
        byStage: groupByStage(stayStage, stages.length),
        contact: { at: contact.at.trimmed(), knownAt: contact.knownAt.trimmed() },
      }
    },
  }
}

/** Counting sort of stay numbers by their stage. */
const groupByStage = (stage: Int32Array, stages: number): { order: Int32Array; first: Int32Array } => {
  const first = new Int32Array(stages + 1)
  for (const number of stage) first[number + 1]!++
  for (let number = 0; number < stages; number++) first[number + 1]! += first[number]!
  const next = first.slice()
  const order = new Int32Array(stage.length)
  for (let index = 0; index < stage.length; index++) order[next[stage[index]!]!++] = index
  return { order, first }
}
