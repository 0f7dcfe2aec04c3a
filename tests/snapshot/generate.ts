import type { ActivityFact, Dossier, LooseItems, TaskFact } from '../../src/records/facts.ts'
import { defaultSettings } from '../../src/records/settings.ts'
import { seededRandom } from '../../src/sandbox/random.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import type { FactDirectory, Portal, SnapshotStore, StoredSnapshot } from '../../src/snapshot/source.ts'
import { joinPieces, PackedPart, unpackChunk } from '../../src/store/packed-part.ts'
import type { StorableParts } from '../../src/store/snapshots.ts'

/** A made-up portal of any size, the same for the same seed. */

const DAY = 86_400_000
export const END = Date.parse('2026-11-23T00:00:00Z')

export const OPEN_STAGES = ['NEW', 'CALL', 'MEET', 'OFFER', 'CONTRACT', 'PAY'] as const

export const directoryOf = (people: number): FactDirectory => ({
  users: Array.from({ length: people }, (_, index) => ({
    id: `u${index}`,
    name: `Person ${index}`,
    position: null,
    isActive: true,
    isAdmin: null,
    departmentIds: [index % 2 === 0 ? 'north' : 'south'],
    timeZone: null,
    language: null,
    email: null,
    dealsVisible: null,
  })),
  departments: [
    { id: 'all', name: 'All', parentId: null, headId: null, sort: 0 },
    { id: 'north', name: 'North', parentId: 'all', headId: null, sort: 1 },
    { id: 'south', name: 'South', parentId: 'all', headId: null, sort: 2 },
  ],
  pipelines: [{ id: 'P', name: 'Sales', sort: 0, isDefault: true }],
  stages: [
    ...OPEN_STAGES.map((id, sort) => ({
      id,
      pipelineId: 'P',
      name: id,
      sort,
      outcome: 'open' as const,
      color: null,
    })),
    { id: 'WON', pipelineId: 'P', name: 'Won', sort: 90, outcome: 'won', color: null },
    { id: 'LOST', pipelineId: 'P', name: 'Lost', sort: 91, outcome: 'lost', color: null },
    { id: 'COSTLY', pipelineId: 'P', name: 'Too costly', sort: 92, outcome: 'lost', color: null },
  ],
  fields: ['SOURCE', 'NEED', 'BUDGET'].map(id => ({
    id,
    title: id,
    type: 'string',
    isCustom: true,
    isRequired: id === 'NEED',
    isMultiple: false,
    options: null,
  })),
})

const outcomeOf = (stage: string) =>
  stage === 'WON' ? 'won' : stage === 'LOST' || stage === 'COSTLY' ? 'lost' : 'open'

export function* dealsOf(count: number, people: number, seed = 1): Generator<Dossier> {
  const random = seededRandom(seed).unit
  const span = 700 * DAY
  for (let number = 0; number < count; number++) {
    const id = `d${String(number).padStart(7, '0')}`
    const owner = `u${Math.floor(random() * people)}`
    const createdAt = END - Math.floor(random() * span)
    const moves: Dossier['moves'][number][] = []
    let at = createdAt
    let stage: string = 'NEW'
    for (let step = 0; at < END + 5 * DAY; step++) {
      const known = at > END - 60 * DAY
      moves.push({
        at,
        pipelineId: 'P',
        stageId: stage,
        outcome: outcomeOf(stage),
        isCreation: step === 0,
        movedBy: known ? owner : null,
        actorClass: known ? 'person' : 'unknown',
      })
      if (outcomeOf(stage) !== 'open') break
      const index = OPEN_STAGES.indexOf(stage as never)
      const luck = random()
      stage =
        luck < 0.1
          ? random() < 0.5
            ? 'LOST'
            : 'COSTLY'
          : luck < 0.15 && index > 0
            ? OPEN_STAGES[index - 1]!
            : (OPEN_STAGES[index + 1] ?? 'WON')
      at += Math.floor(Math.exp(1.6 + 1.0 * (random() + random() + random() - 1.5) * 2) * DAY) + 60_000
    }
    const last = moves.at(-1)!
    const activities: ActivityFact[] = []
    for (let index = 0; index < 1.6 + random() * 2; index++) {
      const when = createdAt + Math.floor(random() * (last.at + 5 * DAY - createdAt))
      activities.push({
        id: `${id}a${index}`,
        kind: random() < 0.6 ? 'call' : 'message',
        direction: random() < 0.5 ? 'in' : 'out',
        responsibleId: owner,
        authorId: owner,
        actorClass: 'person',
        createdAt: when,
        startAt: when,
        endAt: when + 90_000,
        deadlineAt: null,
        completedAt: when + 90_000,
        isAutoCompleted: false,
        durationSeconds: 90,
        deadlineMoves: [],
      })
    }
    const tasks: TaskFact[] = []
    if (random() < 0.4) {
      const when = last.at
      const closedAt = random() < 0.5 ? when + 3 * DAY : null
      tasks.push({
        id: `${id}t`,
        dealIds: [id],
        responsibleId: owner,
        createdBy: owner,
        createdAt: when,
        closedAt,
        closedBy: closedAt === null ? null : owner,
        deadlineAt: when + 5 * DAY,
        isDeferred: false,
        textHash: 'h',
        textWords: 4,
        deadlineMoves: [],
      })
    }
    const fields: Record<string, string> = random() < 0.7 ? { NEED: '#1', SOURCE: 'web' } : {}
    yield {
      id,
      title: `Deal ${number}`,
      createdAt,
      createdBy: owner,
      isTemplate: false,
      deletedAt: null,
      lossReasonId: null,
      current: {
        pipelineId: 'P',
        stageId: last.stageId,
        outcome: last.outcome,
        movedAt: last.at,
        closedAt: null,
      },
      moves,
      versions: [
        {
          observedAt: END - 30 * DAY,
          responsibleId: owner,
          amount: Math.round(random() * 1000) * 1000,
          currency: 'RUB',
          closeOn: null,
          fields,
        },
      ],
      activities,
      tasks,
      invoices: [],
    }
  }
}

export const portal = (installedAt = new Date(END - 30 * DAY)): Portal => ({
  settings: defaultSettings('UTC', 'ru'),
  currency: 'RUB',
  installedAt,
})

export type Memory = SnapshotStore & {
  saved: Map<string, { snapshot: StoredSnapshot; parts: SnapshotParts }>
}

/** Parts as they are read again. */
export const unpackParts = async (parts: StorableParts): Promise<SnapshotParts> => {
  const whole = await Promise.all(
    Object.entries(parts).map(async ([name, part]) => [
      name,
      part instanceof PackedPart ? joinPieces(await Promise.all(part.chunks.map(unpackChunk))) : part,
    ]),
  )
  return Object.fromEntries(whole)
}

/** A store that holds everything in memory. */
export const memoryStore = (
  dossiers: () => Iterable<Dossier>,
  of: { directory?: FactDirectory; loose?: LooseItems; historyStart?: number; portal?: Portal } = {},
): Memory => {
  const saved: Memory['saved'] = new Map()
  return {
    saved,
    installations: { find: async () => of.portal ?? portal() },
    facts: {
      directory: async () => of.directory ?? directoryOf(5),
      dossiers: async function* () {
        yield* dossiers()
      },
      loose: async function* () {
        if (of.loose !== undefined) yield of.loose
      },
      historyStart: async () => of.historyStart ?? END - 700 * DAY,
    },
    snapshots: {
      save: async (_, snapshot, parts) => {
        saved.set(snapshot.asOf.toISOString(), { snapshot, parts: await unpackParts(parts) })
      },
      part: async (_, asOf, name) => saved.get(asOf.toISOString())?.parts[name] ?? null,
      list: async () =>
        [...saved.values()]
          .map(({ snapshot }) => snapshot)
          .sort((a, b) => b.asOf.getTime() - a.asOf.getTime()),
    },
  }
}
