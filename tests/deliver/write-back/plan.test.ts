import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Wanted } from '../../../src/deliver/write-back/plan.ts'
import { ALL_MARKS } from '../../../src/deliver/write-back/words.ts'
import { VendorError } from '../../../src/errors.ts'
import type { WriteBack } from '../../../src/vendors/vendor.ts'
import { Model } from './model.ts'

const AMBER = 'Планёрка: внимание'
const RED = 'Планёрка: зависла'
const DEALS = ['1', '2', '3', '4', '5', '6']
const task = (responsibleId = '7') => ({
  title: 'Планёрка: поставить следующий шаг',
  responsibleId,
  dueAt: '2026-11-25T15:00:00.000Z',
})
const red = (dealId: string, more: Partial<Wanted> = {}): Wanted => ({
  dealId,
  mark: RED,
  task: task(),
  ...more,
})

const wantedList: fc.Arbitrary<Wanted[]> = fc
  .tuple(
    ...DEALS.map(dealId =>
      fc.option(
        fc.record<Wanted>({
          dealId: fc.constant(dealId),
          mark: fc.constantFrom(null, AMBER, RED),
          task: fc.option(fc.constantFrom('7', '8').map(task)),
        }),
        { nil: null },
      ),
    ),
  )
  .map(list => list.filter(each => each !== null))

/** What people do between our runs. */
type Deed = { deal: string; what: 'wipe' | 'remark' | 'complete' | 'delete' | 'postpone' }
const deeds = fc.array(
  fc.record<Deed>({
    deal: fc.constantFrom(...DEALS),
    what: fc.constantFrom('wipe', 'remark', 'complete', 'delete', 'postpone'),
  }),
  { maxLength: 6 },
)
const act = (model: Model, { deal, what }: Deed): void => {
  const held = [...model.tasks.values()].find(({ dealId, isOpen }) => dealId === deal && isOpen)
  if (what === 'wipe') model.marks.set(deal, null)
  else if (what === 'remark') model.marks.set(deal, AMBER)
  else if (held === undefined) return
  else if (what === 'complete') held.isOpen = false
  else if (what === 'delete') model.tasks.delete(held.id)
  else held.dueAt = new Date('2026-12-10T15:00:00Z')
}

describe('a plan', () => {
  test('that was applied leaves nothing to plan, whatever stood there and whatever people did before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(wantedList, deeds), { minLength: 1, maxLength: 5 }),
        async rounds => {
          const model = new Model(DEALS)
          for (const [wanted, done] of rounds) {
            for (const deed of done) act(model, deed)
            model.start(wanted)
            await model.work()
            const again = model.plan(wanted)
            expect(again.changes).toEqual([])
            model.pass(60 * 24)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('undone restores exactly what stood before, and the next night leaves it so', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), wantedList, wantedList, async (deleteTasks, first, second) => {
        const model = new Model(DEALS, { deleteTasks })
        model.start(first)
        await model.work()
        model.pass(60 * 24)
        const before = model.picture()
        const batch = model.start(second)
        await model.work()
        model.pass(5)
        model.askUndo(batch)
        await model.work()
        expect(model.picture()).toEqual(before)
        model.pass(60 * 24)
        // What was taken back stays as it was, as long as the deals stand as they do.
        const touched = new Set(
          model.journal.filter(({ batchId }) => batchId === batch).map(({ dealId }) => dealId),
        )
        expect(model.plan(second).changes.filter(({ dealId }) => touched.has(dealId))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('never takes away what people wrote', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...DEALS), fc.constantFrom('Своё слово', RED))),
        wantedList,
        async (own, wanted) => {
          const model = new Model(DEALS)
          for (const [deal, word] of own) model.marks.set(deal, word)
          const before = new Map(model.marks)
          model.start(wanted)
          await model.work()
          model.start([])
          await model.work()
          for (const [deal, word] of before)
            if (word !== null && (!ALL_MARKS.includes(word) || !wanted.some(each => each.dealId === deal)))
              expect(model.marks.get(deal)).toBe(word)
        },
      ),
    )
  })

  test('is cut at the cap, removals first, and the rest waits', async () => {
    const model = new Model(DEALS)
    model.start([red('1', { task: null })])
    await model.work()
    const { changes, waiting } = model.plan(
      DEALS.slice(1).map(id => red(id, { task: null })),
      { cap: 3 },
    )
    expect(changes.map(({ dealId }) => dealId)).toEqual(['1', '2', '3'])
    expect(waiting).toBe(3)
  })
})

describe('a deal', () => {
  test('that recovered loses its mark and its task', async () => {
    const model = new Model(DEALS)
    model.start([red('1')])
    await model.work()
    expect(model.picture()).toMatchObject({ tasks: [{ dealId: '1' }] })
    model.start([])
    await model.work()
    expect(model.marks.get('1')).toBeNull()
    expect(model.picture()).toMatchObject({ tasks: [] })
  })

  test('whose mark a person took off is not marked again until it has recovered once', async () => {
    const model = new Model(DEALS)
    const wanted = [red('1', { task: null })]
    model.start(wanted)
    await model.work()
    model.marks.set('1', null)
    for (let night = 0; night < 3; night += 1) {
      model.start(wanted)
      await model.work()
      expect(model.marks.get('1')).toBeNull()
    }
    model.start([])
    model.start(wanted)
    await model.work()
    expect(model.marks.get('1')).toBe(RED)
  })

  test('whose task a person gave another date keeps the task, which is theirs now', async () => {
    const model = new Model(DEALS)
    model.start([red('1', { mark: null })])
    await model.work()
    act(model, { deal: '1', what: 'postpone' })
    model.start([])
    await model.work()
    expect(model.picture()).toMatchObject({ tasks: [{ dealId: '1' }] })
  })

  test('that got another owner has its task closed and a new one for the owner', async () => {
    const model = new Model(DEALS)
    model.start([red('1', { mark: null })])
    await model.work()
    model.start([red('1', { mark: null, task: task('8') })])
    await model.work()
    expect(model.picture()).toMatchObject({ tasks: [{ dealId: '1', responsibleId: '8' }] })
  })

  test('is marked by hand even though somebody took the mark off before', async () => {
    const model = new Model(DEALS)
    model.start([red('1', { task: null })])
    await model.work()
    model.marks.set('1', null)
    model.start([red('1')], 'bulk', { only: new Set(['1']), kinds: { marks: true, tasks: false } })
    await model.work()
    expect(model.marks.get('1')).toBe(RED)
  })
})

describe('a run', () => {
  test('killed at any moment writes nothing twice when it goes on', async () => {
    const wanted = DEALS.map(id => red(id))
    const whole = new Model(DEALS)
    whole.start(wanted)
    await whole.work()
    for (let killAt = 1; killAt <= whole.writes; killAt += 1)
      for (const moment of ['before', 'after'] as const) {
        const model = new Model(DEALS)
        model.start(wanted)
        let count = 0
        const die = (): void => {
          count += 1
          if (count === killAt) throw new Error('killed')
        }
        if (moment === 'before') model.onWrite = die
        else model.afterWrite = die
        await expect(model.work()).rejects.toThrow('killed')
        model.onWrite = model.afterWrite = () => {}
        await model.work()
        expect(model.picture()).toEqual(whole.picture())
        expect(model.writes).toBe(whole.writes)
        expect(model.plan(wanted).changes).toEqual([])
      }
  })

  test('killed while it is taken back goes on taking back', async () => {
    for (const deleteTasks of [true, false]) {
      const model = new Model(DEALS, { deleteTasks })
      const before = model.picture()
      const batch = model.start(DEALS.map(id => red(id)))
      await model.work()
      model.pass(5)
      model.askUndo(batch)
      model.pass(1)
      let count = 0
      model.afterWrite = () => {
        count += 1
        if (count % 3 === 0) throw new Error('killed')
      }
      for (let life = 0; life < 20 && model.journal.some(entry => !entry.undoneAt); life += 1)
        await model.work().catch(() => null)
      expect(model.picture()).toEqual(before)
      expect(model.journal.filter(({ note }) => note !== null)).toEqual([])
    }
  })

  test('says what it left alone when it is taken back', async () => {
    const model = new Model(DEALS)
    const batch = model.start(['1', '2', '3', '4'].map(id => red(id)))
    await model.work()
    act(model, { deal: '1', what: 'wipe' })
    model.marks.set('2', 'Своё слово')
    act(model, { deal: '3', what: 'complete' })
    act(model, { deal: '4', what: 'postpone' })
    model.askUndo(batch)
    await model.work()
    const noteOf = (dealId: string, kind: string) =>
      model.journal.find(entry => entry.dealId === dealId && entry.kind === kind)?.note
    expect(noteOf('2', 'mark')).toBe('changed_by_person')
    expect(noteOf('3', 'task')).toBe('done_by_person')
    expect(noteOf('4', 'task')).toBe('taken_over')
    expect(model.marks.get('2')).toBe('Своё слово')
    expect(model.marks.get('1')).toBeNull()
  })

  test('goes on after a refusal, and ends after refusals without end', async () => {
    const refuse = (only: readonly string[]) => (change: WriteBack) => {
      if ('dealId' in change && only.includes(change.dealId))
        throw new VendorError('rejected', 'ACCESS_DENIED', 'no')
    }
    const model = new Model(DEALS)
    model.onWrite = refuse(['2'])
    model.start(DEALS.map(id => red(id, { task: null })))
    expect(await model.work()).toMatchObject({ written: 5, refused: 1 })
    const hopeless = new Model(DEALS)
    hopeless.onWrite = refuse(DEALS)
    hopeless.start(DEALS.map(id => red(id, { task: null })))
    expect(await hopeless.work()).toMatchObject({ written: 0, refused: 5, left: 1 })
    // Nothing is believed to stand that was refused.
    hopeless.onWrite = () => {}
    expect(hopeless.plan(DEALS.map(id => red(id, { task: null }))).changes).toHaveLength(6)
  })

  test('stops at once when it is switched off, and waits for a CRM that is away', async () => {
    const model = new Model(DEALS)
    model.start([red('1')])
    model.isOn = { marks: false, tasks: false }
    expect(await model.work()).toMatchObject({ written: 0, left: 2 })
    model.isOn = { marks: true, tasks: true }
    model.start([red('1')])
    model.onWrite = () => {
      throw new VendorError('unavailable', 'DOWN', 'away')
    }
    await expect(model.work()).rejects.toThrow('away')
    model.onWrite = () => {}
    expect(await model.work()).toMatchObject({ written: 2 })
  })

  test('that lay for hours is not written any more', async () => {
    const model = new Model(DEALS)
    model.start([red('1')])
    model.pass(180)
    expect(await model.work()).toMatchObject({ written: 0, left: 2 })
  })
})
