import { createI18n } from 'vue-i18n'
import type { Language } from './format.ts'

/**
 * Russian: one (1, 21), few (2–4, 22–24), many. Fractions take the genitive singular: «2,4 балла» is the
 * «few» form; with an adjective it is a form of its own, «2,4 рабочего дня», written fourth.
 */
export const russianForm = (count: number, forms: number): number => {
  if (forms < 3) return count === 1 ? 0 : 1
  const whole = Math.abs(count)
  if (!Number.isInteger(whole)) return forms > 3 ? 3 : 1
  const tens = whole % 100
  const ones = whole % 10
  if (tens >= 11 && tens <= 14) return 2
  if (ones === 1) return 0
  return ones >= 2 && ones <= 4 ? 1 : 2
}

export const englishForm = (count: number, forms: number): number =>
  forms < 2 || Math.abs(count) === 1 ? 0 : 1

/** Where words are said: on every screen, or in the panel of a deal's card only. */
export type WordsOf = 'screens' | 'card'

/** Each language is a chunk of its own, and so are the card's few words: a viewer loads one. */
export const loadWords = async (language: Language, of: WordsOf = 'screens') => {
  if (of === 'card')
    return language === 'en' ? (await import('./card-en.ts')).cardEn : (await import('./card-ru.ts')).cardRu
  return language === 'en' ? (await import('./en.ts')).en : (await import('./ru.ts')).ru
}

export const createWords = async (language: Language, of: WordsOf = 'screens') =>
  createI18n({
    legacy: false,
    locale: language,
    fallbackLocale: false,
    missingWarn: false,
    fallbackWarn: false,
    pluralRules: { ru: russianForm, en: englishForm },
    messages: { [language]: await loadWords(language, of) },
  })

export type I18n = Awaited<ReturnType<typeof createWords>>
