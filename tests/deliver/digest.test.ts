import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DigestFacts, type DigestReader, digestFor, digestText } from '../../src/deliver/digest.ts'
import { AS_OF, deal, deals, parts, settings } from '../http/fakes.ts'

const facts = (change: Partial<DigestFacts> = {}): DigestFacts => ({
  asOf: new Date('2026-11-23T05:30:00Z'),
  settings,
  summary: parts.summary!,
  scores: parts.scores!,
  deltaOf: () => 7,
  deals,
  changesOf: () => ({ movedForward: 3, won: 1, cleared: 0, newRed: 2 }),
  cardPath: id => `/card/${id}`,
  appPath: (view, params = {}) => `/app?view=${view}${Object.values(params).join('')}`,
  ...change,
})

const employee: DigestReader = {
  user: { id: '3', name: 'Елена Егорова' },
  role: 'employee',
  language: 'ru',
  teams: [],
  sees: new Set(['3']),
}
const head: DigestReader = {
  user: { id: '2', name: 'Роман' },
  role: 'head',
  language: 'ru',
  teams: ['10'],
  sees: new Set(['2', '3', '4']),
}

/** ICU separates thousands and currencies with spaces that do not break. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ')
const textOf = (given: DigestFacts, reader: DigestReader): string =>
  plain(digestText(digestFor(given, reader)?.lines ?? [], 'https://acme.crm.example'))

describe('the digest', () => {
  test('tells an employee what to do before the planerka, with a link to each card', () => {
    expect(textOf(facts(), employee)).toBe(
      [
        'Доброе утро, Елена Егорова. До планёрки в 15:00: 1 дело, около 2 минут. Открыть список: https://acme.crm.example/app?view=stale',
        '◆ «Сделка 101», 620 тыс. ₽: молчит 12 рабочих дней, шага нет. Открыть: https://acme.crm.example/card/101',
      ].join('\n'),
    )
  })

  test('says the same in English', () => {
    expect(textOf(facts(), { ...employee, language: 'en' })).toBe(
      [
        'Good morning, Елена Егорова. Before the planerka at 15:00: 1 item, about 2 minutes. Open the list: https://acme.crm.example/app?view=stale',
        '◆ "Сделка 101", ₽620K: silent for 12 working days, no next step. Open: https://acme.crm.example/card/101',
      ].join('\n'),
    )
  })

  test('tells a head of the team, the changes and the deals that need a word', () => {
    expect(textOf(facts(), head)).toBe(
      [
        'Команда 72, +7 за 4 недели. 2 красных на 720 тыс. ₽. Обзор: https://acme.crm.example/app?view=overview',
        'За неделю: вперёд 3, выиграно 1, новых красных 2. Красные сделки: https://acme.crm.example/app?view=stalered',
        '◆ «Сделка 101», 620 тыс. ₽: молчит 12 рабочих дней, шага нет. Открыть: https://acme.crm.example/card/101',
        '◆ «Сделка 201», 100 тыс. ₽: молчит 12 рабочих дней, шага нет. Открыть: https://acme.crm.example/card/201',
        'Планёрка в 15:00, 6 минут. Повестка: https://acme.crm.example/app?view=planerka',
      ].join('\n'),
    )
  })

  test('is not sent when there is nothing to do', () => {
    const calm = facts({ deals: [deal('102', '3')], changesOf: () => null })
    expect(digestFor(calm, employee)).toBeNull()
    expect(digestFor(calm, head)).toBeNull()
  })

  test('on the last working day a clean week is worth a word; without deals it is not', () => {
    const friday = new Date('2026-11-27T05:30:00Z')
    const calm = facts({ asOf: friday, deals: [deal('102', '3')], changesOf: () => null })
    expect(textOf(calm, employee)).toBe('Неделя без красных сделок. Хороших выходных!')
    expect(digestFor({ ...calm, deals: [] }, employee)).toBeNull()
  })

  test('shows no score during the amnesty and says when the history is short', () => {
    const text = textOf(
      facts({ summary: { ...parts.summary!, isAmnesty: true, historyStart: '2026-11-01T00:00:00Z' } }),
      head,
    )
    expect(text).toContain('Данные за 3 недели, выводы предварительные.')
    expect(text).toContain('балл не показываем')
    expect(text).not.toMatch(/Команда \d/)
  })

  test('quotes in a title take their inner form, and a sum of zero is no sum', () => {
    const quoted = { ...deals[0]!, title: 'ООО «Рубин»: насос', amount: 0 }
    expect(textOf(facts({ deals: [quoted] }), employee)).toContain('◆ «ООО „Рубин“: насос»: молчит')
  })

  test('sums never cross currencies', () => {
    const mixed = [
      { ...deals[0]!, amount: 1_000_000 },
      { ...deals[0]!, dealId: '103', amount: 5_000, currency: 'USD' },
    ]
    expect(textOf(facts({ deals: mixed }), head)).toContain('2 красных на 1 млн ₽ + 5 тыс. $.')
  })

  test('five lines at most, own deals only, no other person’s name, whatever the portal looks like', () => {
    const dealArb = fc
      .record({
        id: fc.integer({ min: 1, max: 10_000 }),
        owner: fc.constantFrom('3', '4', null),
        level: fc.constantFrom('none' as const, 'amber' as const, 'red' as const),
        amount: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
        currency: fc.option(fc.constantFrom('RUB', 'USD', 'XXQ', 'руб', '')),
        ageDays: fc.double({ min: 0, max: 500, noNaN: true }),
        silenceDays: fc.option(fc.double({ min: 0, max: 500, noNaN: true })),
      })
      .map(({ id, owner, ...more }) =>
        deal(String(id), owner, { title: `${owner ?? 'ничья'}-${id}`, ...more }),
      )
    fc.assert(
      fc.property(
        fc.uniqueArray(dealArb, { selector: ({ dealId }) => dealId, maxLength: 40 }),
        fc.constantFrom('ru' as const, 'en' as const),
        fc.boolean(),
        (given, language, hasPlanerka) => {
          const all = facts({
            deals: given,
            settings: { ...settings, planerka: hasPlanerka ? settings.planerka : null },
          })
          for (const reader of [employee, head]) {
            const digest = digestFor(all, { ...reader, language })
            if (digest === null) continue
            expect(digest.lines.length).toBeLessThanOrEqual(5)
            const seen = given.filter(
              ({ responsibleId }) =>
                responsibleId !== null && (reader.sees as Set<string>).has(responsibleId),
            )
            for (const id of digest.dealIds) expect(seen.map(one => one.dealId)).toContain(id)
            const text = digest.lines.map(line => line.text).join('\n')
            for (const name of ['Павел', 'Попов', 'Чужой', 'undefined', 'NaN', 'null'])
              expect(text).not.toContain(name)
            if (reader.role === 'employee') {
              expect(digest.dealIds).toHaveLength(
                given.filter(one => one.responsibleId === '3' && one.level !== 'none').length,
              )
              expect(text).not.toMatch(/«(4|ничья)-/)
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('the same facts give the same text', () => {
    expect(textOf(facts({ deals: deals.toReversed() }), head)).toBe(textOf(facts(), head))
    expect(AS_OF.getTime()).toBeLessThan(facts().asOf.getTime())
  })
})
