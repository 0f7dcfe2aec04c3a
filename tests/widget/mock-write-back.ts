import type { Router } from 'express'
import type {
  DealView,
  WriteBack,
  WriteBackEntry,
  WriteBackPreview,
  WriteBackRun,
} from '../../src/http/api-schema.ts'
import type { Scene } from './mock-api.ts'
import { dealsOf } from './mock-team.ts'

/** Write-back of a pretended portal: whatever is started is written at once; state lives as long as the mock. */

const HASH = 'a'.repeat(32)
const AT = '2026-11-23T06:10:00.000Z'
const RED = 'Планёрка: зависла'

const marked = (deal: DealView): WriteBackPreview['changes'][number] => ({
  kind: 'mark',
  dealId: deal.id,
  title: deal.title,
  path: deal.path,
  responsibleName: null,
  before: null,
  after: RED,
  dueAt: null,
})
const tasked = (deal: DealView, title: string): WriteBackPreview['changes'][number] => ({
  ...marked(deal),
  kind: 'task',
  responsibleName: deal.responsibleName,
  after: title,
  dueAt: '2026-11-24T15:00:00.000Z',
})

const entriesOf = (changes: WriteBackPreview['changes'], batch: string): WriteBackEntry[] =>
  changes.map((change, index) => ({
    id: `${batch}-${index}`,
    kind: change.kind,
    dealId: change.dealId,
    title: change.title,
    path: change.path,
    before: change.before,
    after: change.after,
    dueAt: change.dueAt,
    state: 'written',
    note: null,
    error: null,
    at: AT,
    canUndo: true,
  }))

/** @param patches keeps what was sent to change anything */
export const mountWriteBack = (api: Router, patches: unknown[]): void => {
  const runs = new Map<string, { run: WriteBackRun; entries: WriteBackEntry[] }>()
  const choices = new Map<string, { marks: boolean; tasks: boolean; level: 'red' | 'amber' }>()
  const keyOf = (now: Scene): string => JSON.stringify(now)

  const choiceOf = (now: Scene) =>
    choices.get(keyOf(now)) ?? {
      marks: now.params['writes'] === 'on',
      tasks: now.params['writes'] === 'on',
      level: 'red' as const,
    }
  const view = (now: Scene): WriteBack => ({
    ...choiceOf(now),
    by: 'field',
    words: { red: RED, amber: 'Планёрка: внимание' },
    canSwitch: now.role === 'admin',
    canWrite: now.role !== 'employee',
    undoHours: 24,
  })
  const start = (changes: WriteBackPreview['changes'], origin: WriteBackRun['origin']) => {
    const batchId = `run-${runs.size + 1}`
    const run: WriteBackRun = {
      batchId,
      origin,
      askedByName: 'Соколова Анна',
      plannedAt: AT,
      planned: changes.length,
      written: changes.length,
      refused: 0,
      undone: 0,
      waiting: 0,
      undoUntil: '2026-11-24T06:10:00.000Z',
    }
    runs.set(batchId, { run, entries: entriesOf(changes, batchId) })
    return { batchId, changes: changes.length }
  }
  const answer = (changes: WriteBackPreview['changes'], waiting = 0): WriteBackPreview => ({
    asOf: AT,
    hash: HASH,
    changes,
    waiting,
  })
  const planned = (now: Scene) => {
    const deals = dealsOf(now.deals)
    return [
      ...deals.map(marked),
      ...deals.slice(0, 6).map(deal => tasked(deal, `Планёрка: поставить следующий шаг — «${deal.title}»`)),
    ]
  }
  const byHand = (now: Scene, body: { action: string; dealIds: string[]; title?: string }) =>
    dealsOf(now.deals)
      .filter(({ id }) => body.dealIds.includes(id))
      .map(deal =>
        body.action === 'mark'
          ? marked(deal)
          : tasked(deal, body.title ?? 'Планёрка: поставить следующий шаг'),
      )

  const sceneOf = (response: { locals: Record<string, unknown> }): Scene => response.locals['scene'] as Scene
  api.get('/write-back', (_request, response) => void response.json(view(sceneOf(response))))
  api.post('/write-back/preview', (_request, response) => {
    response.json(answer(planned(sceneOf(response)), 12))
  })
  api.patch('/write-back', (request, response) => {
    patches.push(request.body)
    const now = sceneOf(response)
    const { marks, tasks, level } = request.body
    choices.set(keyOf(now), { marks, tasks, level })
    response.json(view(now))
  })
  api.post('/write-back/runs', (_request, response) => {
    response.status(202).json(start(planned(sceneOf(response)), 'manual'))
  })
  api.get('/write-back/runs', (_request, response) => {
    response.json([...runs.values()].map(({ run }) => run).toReversed())
  })
  api.get('/write-back/runs/:batch', (request, response) => {
    response.json(runs.get(request.params.batch)?.entries ?? [])
  })
  api.post('/write-back/runs/:batch/undo', (request, response) => {
    const held = runs.get(request.params.batch)
    const chosen = (held?.entries ?? []).filter(
      ({ id }) => request.body.entryId === undefined || id === request.body.entryId,
    )
    // A person had changed the first one meanwhile.
    for (const [index, entry] of chosen.entries())
      Object.assign(
        entry,
        { canUndo: false },
        index === 0 ? { state: 'left', note: 'changed_by_person' } : { state: 'undone' },
      )
    if (held) {
      held.run.undone = held.entries.filter(({ state }) => state === 'undone').length
      held.run.undoUntil = held.entries.some(({ canUndo }) => canUndo) ? held.run.undoUntil : null
    }
    patches.push({ undone: request.params.batch, ...request.body })
    response.status(202).json({ entries: chosen.length })
  })
  api.post('/write-back/deals/preview', (request, response) => {
    response.json(answer(byHand(sceneOf(response), request.body)))
  })
  api.post('/write-back/deals', (request, response) => {
    patches.push(request.body)
    response.status(202).json(start(byHand(sceneOf(response), request.body), 'bulk'))
  })
}
