import type { CurveRow, DealMention, PipelineUseRow, RolloutPart } from '../../snapshot/document.ts'
import type { RolloutDeals, RolloutView } from '../api-schema.ts'
import type { DirectoryView } from '../deps.ts'
import type { Names } from './views.ts'

type Around = {
  asOf: Date
  part: RolloutPart | null
  /** Rows of the adoption curve. */
  curve: readonly CurveRow[]
  directory: DirectoryView
  names: Names
  workdaysPerWeek: number
  isLaunchChosen: boolean
  canChangeRules: boolean
  areRulesChosen: boolean
}

/** The use of the set-up as the screen shows it: names looked up, deals left to the list that is asked for. */
export const rolloutView = (of: Around): RolloutView => {
  const { part, names, directory } = of
  const fieldTitles = new Map(directory.fields.map(({ id, title }) => [id, title]))
  return {
    asOf: of.asOf.toISOString(),
    pipelines: directory.pipelines
      .filter(({ isGone }) => isGone !== true)
      .map(({ id, name }) => ({ id, name })),
    canChangeRules: of.canChangeRules,
    areRulesChosen: of.areRulesChosen,
    adoption: adoptionView(of),
    fields:
      part?.fields?.map(({ field, home, type: _, deals: __, blanks: ___, ...row }) => ({
        id: field,
        ...row,
        homeName: home === null ? null : names.pipeline(home),
      })) ?? null,
    pipelineUse:
      part?.pipelines?.map(
        ({
          pipelineId,
          enteredDeals: _,
          openDeals: __,
          decidedDeals: ___,
          workedDeals: ____,
          lastDeal: _____,
          ...row
        }) => ({ id: pipelineId, name: names.pipeline(pipelineId), ...row }),
      ) ?? null,
    stages: part?.stages.map(({ dealsHere: _, dealsEnded: __, ...row }) => row) ?? null,
    mvp:
      part?.mvp?.map(row => {
        const elementOf = ({ kind, id, deals }: (typeof row.kept)[number]) => ({
          kind,
          id,
          deals,
          name: kind === 'stage' ? names.stage(row.pipelineId, id) : (fieldTitles.get(id) ?? id),
        })
        return {
          ...row,
          pipelineName: names.pipeline(row.pipelineId),
          kept: row.kept.map(elementOf),
          left: row.left.map(elementOf).sort((a, b) => b.deals - a.deals),
        }
      }) ?? null,
    automation: automationView(part),
    lint:
      part?.lint?.map(({ rule, severity, pipelineId, stageId, field, params, deals }) => ({
        rule,
        severity,
        pipelineName: pipelineId === null ? null : names.pipeline(pipelineId),
        stageName: pipelineId === null || stageId === null ? null : names.stage(pipelineId, stageId),
        fieldTitle: field === null ? null : (fieldTitles.get(field) ?? field),
        params,
        deals,
      })) ?? null,
  }
}

const adoptionView = ({ part, curve, names, ...of }: Around): RolloutView['adoption'] => {
  if (part === null || part.adoption === null) return null
  const { people, burstOff = null, ...adoption } = part.adoption
  return {
    ...adoption,
    burstOff,
    isLaunchChosen: of.isLaunchChosen,
    // Exports count a week as its working days.
    curve: curve.map(({ tDays, atRisk, events, value }) => ({
      week: Math.round(tDays / of.workdaysPerWeek),
      atRisk,
      events,
      value,
    })),
    people: people.map(
      ({ personId, habitAsOf = null, lastAsOf = null, tidying = null, steady = null, ...person }) => ({
        id: personId,
        name: names.user(personId) ?? personId,
        ...person,
        habitAsOf,
        lastAsOf,
        tidying,
        steady,
      }),
    ),
  }
}

const automationView = (part: RolloutPart | null): RolloutView['automation'] => {
  if (part === null || part.automation === null) return null
  const { offReason, savings, repairHours, rows } = part.automation
  return { offReason, ...savings, repairHours, rows: rows.map(({ deals: _, lost: __, ...row }) => row) }
}

/** Lists of a whole pipeline; `id` names it. */
export const PIPELINE_LISTS = ['arrived', 'open', 'decided', 'worked', 'last'] as const

/** Which figure's deals are asked for; `id` and `pipeline` name the row. */
export type DealsQuestion = {
  list:
    | 'filled'
    | 'blank'
    | (typeof PIPELINE_LISTS)[number]
    | 'entered'
    | 'ended'
    | 'needing'
    | 'runs'
    | 'thrown'
    | 'lint'
  id: string
  pipeline: string
}

/** @returns null when there is no such row in this snapshot */
export const rolloutDeals = (
  part: RolloutPart,
  { list, id, pipeline }: DealsQuestion,
  cardPath: (dealId: string) => string,
): RolloutDeals | null => {
  const found = listOf(part, { list, id, pipeline })
  if (found === null) return null
  return { total: found.total, deals: found.deals.map(deal => ({ ...deal, path: cardPath(deal.id) })) }
}

const listOf = (
  part: RolloutPart,
  { list, id, pipeline }: DealsQuestion,
): { total: number; deals: readonly DealMention[] } | null => {
  switch (list) {
    case 'filled':
    case 'blank': {
      const row = part.fields?.find(({ field }) => field === id)
      if (row === undefined) return null
      return list === 'filled'
        ? { total: row.filled, deals: row.deals }
        : { total: row.due - row.filled, deals: row.blanks }
    }
    case 'arrived':
    case 'open':
    case 'decided':
    case 'worked':
    case 'last': {
      const row = part.pipelines?.find(({ pipelineId }) => pipelineId === id)
      return row === undefined ? null : pipelineList(row, list)
    }
    case 'entered':
    case 'ended': {
      const row = part.stages.find(({ pipelineId, stageId }) => pipelineId === pipeline && stageId === id)
      if (row === undefined) return null
      return list === 'entered'
        ? { total: row.entered, deals: row.dealsHere }
        : { total: Math.round((row.endedShare ?? 0) * row.entered), deals: row.dealsEnded }
    }
    case 'needing': {
      const row = part.mvp?.find(({ pipelineId }) => pipelineId === pipeline)
      const element = [...(row?.kept ?? []), ...(row?.left ?? [])].find(one => `${one.kind}:${one.id}` === id)
      return element === undefined ? null : { total: element.deals, deals: element.needing }
    }
    case 'runs':
    case 'thrown': {
      const row = part.automation?.rows.find(({ kind }) => kind === id)
      if (row === undefined) return null
      return list === 'runs'
        ? { total: row.runs, deals: row.deals }
        : { total: row.runs - row.kept, deals: row.lost }
    }
    case 'lint': {
      const row = part.lint?.[Number(id)]
      return row === undefined ? null : { total: row.deals, deals: row.items }
    }
  }
}

const pipelineList = (
  row: PipelineUseRow,
  list: (typeof PIPELINE_LISTS)[number],
): { total: number; deals: readonly DealMention[] } => {
  const last = row.lastDeal === null ? [] : [row.lastDeal]
  return {
    arrived: { total: row.entered, deals: row.enteredDeals },
    open: { total: row.openNow, deals: row.openDeals },
    decided: { total: row.decided, deals: row.decidedDeals },
    worked: { total: row.worked, deals: row.workedDeals },
    last: { total: last.length, deals: last },
  }[list]
}
