import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { METRICS } from '../../src/metrics/catalogue/index.ts'
import { cardRu } from '../../src/widget/i18n/card-ru.ts'
import { en } from '../../src/widget/i18n/en.ts'
import { createWords, englishForm, russianForm } from '../../src/widget/i18n/index.ts'
import { ru } from '../../src/widget/i18n/ru.ts'

type Tree = { [key: string]: string | Tree }

const leaves = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[`${path}${key}`, value] as [string, string]]
      : leaves(value, `${path}${key}.`),
  )
const russian = new Map(leaves(ru as unknown as Tree))
const english = new Map(leaves(en as unknown as Tree))
const placeholders = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? ''))].sort()

describe('the words', () => {
  test('have the same keys in both languages', () => {
    expect([...english.keys()].sort()).toEqual([...russian.keys()].sort())
  })

  test('take the same parameters in both languages', () => {
    const different = [...russian].filter(
      ([key, text]) => placeholders(text).join() !== placeholders(english.get(key) ?? '').join(),
    )
    expect(different.map(([key]) => key)).toEqual([])
  })

  test('have three or four plural forms in Russian where English has two, and use the same parameters in each', () => {
    const wrong = [...russian].filter(([key, text]) => {
      const forms = text.split(' | ')
      const others = (english.get(key) ?? '').split(' | ')
      return forms.length === 1 ? others.length !== 1 : ![3, 4].includes(forms.length) || others.length !== 2
    })
    expect(wrong.map(([key]) => key)).toEqual([])
    for (const [, text] of [...russian, ...english])
      for (const form of text.split(' | ')) expect(placeholders(form)).toEqual(placeholders(text))
  })

  test('are never empty, save the basis of a chance that is not shown', () => {
    const empty = [...russian, ...english].filter(
      ([key, text]) => text.trim() === '' && key !== 'deal.chanceBasis.none',
    )
    expect(empty).toEqual([])
  })

  test('of the panel in a deal’s card are all it says: it loads no others', () => {
    const files = new Set<string>()
    const read = (path: string): void => {
      if (files.has(path)) return
      files.add(path)
      for (const [, from] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
        const next = join(dirname(path), from ?? '')
        if (next.includes('src/widget/')) read(next)
      }
    }
    for (const root of ['card.ts', 'parts/BootProblem.vue'])
      read(join(import.meta.dirname, '../../src/widget', root))
    const said = [...files].flatMap(path =>
      [...readFileSync(path, 'utf8').matchAll(/\bt\(\s*['`]([\w.]+)/g)].map(match => match[1] ?? ''),
    )
    expect(said.length).toBeGreaterThan(30)
    const held = leaves(cardRu as unknown as Tree).map(([key]) => key)
    const missing = said.filter(key => !held.some(one => one === key || one.startsWith(key)))
    expect(missing).toEqual([])
  })

  test('name no CRM', () => {
    const named = [...russian, ...english].filter(([, text]) => /bitrix|битрикс|amo\s?crm|kommo/i.test(text))
    expect(named).toEqual([])
  })

  test('do not judge people', () => {
    const judging = [...russian].filter(([, text]) => /плохо|нарушени|штраф|эффективност/i.test(text))
    expect(judging).toEqual([])
  })

  test('are there for every key that a screen asks for by name', () => {
    const root = join(import.meta.dirname, '../../src/widget')
    const asked = globSync('**/*.{ts,vue}', { cwd: root })
      .filter(file => !file.startsWith('i18n'))
      .flatMap(file =>
        [...readFileSync(join(root, file), 'utf8').matchAll(/(?:\bt\(\s*|\skeypath=)['"]([\w.]+)['"]/g)].map(
          match => match[1] ?? '',
        ),
      )
    expect(asked.length).toBeGreaterThan(200)
    expect(asked.filter(key => !russian.has(key))).toEqual([])
  })

  test('know every metric that the server computes, with its rule and its parts', () => {
    const ids = METRICS.flatMap(metric => metric.measures.map(({ id }) => id.replace('.', '_')))
    const missing = ids.flatMap(id =>
      ['name', 'rule', 'of']
        .filter(part => !russian.has(`metric.${id}.${part}`))
        .map(part => `${id}.${part}`),
    )
    expect(missing).toEqual([])
  })
})

describe('plural forms', () => {
  test('follow the Russian rule that Unicode gives, for every whole number', () => {
    const rules = new Intl.PluralRules('ru')
    const order = ['one', 'few', 'many']
    fc.assert(
      fc.property(fc.nat(1_000_000), count => {
        expect(russianForm(count, 3)).toBe(order.indexOf(rules.select(count)))
      }),
    )
  })

  test('put a fraction into the genitive singular', async () => {
    const { global } = await createWords('ru')
    const say = (count: number): string =>
      global.t('common.workdays', { n: String(count).replace('.', ',') }, count)
    expect([1, 3, 11, 21, 2.4].map(say)).toEqual([
      '1 рабочий день',
      '3 рабочих дня',
      '11 рабочих дней',
      '21 рабочий день',
      '2,4 рабочего дня',
    ])
  })

  test('know one and other in English', () => {
    expect([0, 1, 2, 1.5].map(count => englishForm(count, 2))).toEqual([1, 0, 1, 1])
  })
})
