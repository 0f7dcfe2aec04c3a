import type { DealClocks, Level } from '../snapshot/document.ts'

/** The digest's sentences: facts first, no verdicts about people. Amounts never cross currencies. */

export type Language = 'ru' | 'en'

export type Money = Readonly<Record<string, number>>

type Forms = { one: string; few: string; many: string }

const russian = new Intl.PluralRules('ru')

const plural = (language: Language, count: number, ru: Forms, en: { one: string; other: string }): string => {
  if (language === 'en') return `${count} ${count === 1 ? en.one : en.other}`
  const form = russian.select(count)
  return `${count} ${form === 'one' ? ru.one : form === 'few' ? ru.few : ru.many}`
}

const round = (value: number): number => Math.round(value)

/** `4,2 млн ₽` / `₽4.2M`; an unknown currency stands as its code. */
export const amount = (language: Language, value: number, currency: string | null): string => {
  const locale = language === 'ru' ? 'ru-RU' : 'en-US'
  const compact = { notation: 'compact', maximumSignificantDigits: 2 } as const
  // Three digits before the suffix are clearer than a rounded two: 620 тыс., not 0,62 млн.
  const digits = { ...compact, maximumSignificantDigits: 3 } as const
  if (currency !== null && /^[A-Z]{3}$/.test(currency))
    return new Intl.NumberFormat(locale, {
      ...digits,
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
    }).format(value)
  return `${new Intl.NumberFormat(locale, digits).format(value)}${currency === null ? '' : ` ${currency}`}`
}

/** Largest first, each in its own currency; null when there is nothing to sum. */
export const sum = (language: Language, money: Money): string | null => {
  const parts = Object.entries(money)
    .filter(([, value]) => value > 0)
    .toSorted((a, b) => b[1] - a[1])
    .map(([currency, value]) => amount(language, value, currency === '' ? null : currency))
  return parts.length === 0 ? null : parts.join(' + ')
}

export const deals = (language: Language, count: number): string =>
  plural(language, count, { one: 'сделка', few: 'сделки', many: 'сделок' }, { one: 'deal', other: 'deals' })

const items = (language: Language, count: number): string =>
  plural(language, count, { one: 'дело', few: 'дела', many: 'дел' }, { one: 'item', other: 'items' })

const minutes = (language: Language, count: number): string =>
  plural(
    language,
    count,
    { one: 'минута', few: 'минуты', many: 'минут' },
    { one: 'minute', other: 'minutes' },
  )

/** Genitive after «около»: 1 минуты, 12 минут. */
const aboutMinutes = (language: Language, count: number): string =>
  language === 'en'
    ? `about ${minutes('en', count)}`
    : `около ${count} ${russian.select(count) === 'one' ? 'минуты' : 'минут'}`

export const workingDays = (language: Language, count: number): string =>
  plural(
    language,
    count,
    { one: 'рабочий день', few: 'рабочих дня', many: 'рабочих дней' },
    { one: 'working day', other: 'working days' },
  )

export const glyph = (level: Level): string => (level === 'red' ? '◆' : level === 'amber' ? '▲' : '●')

/** Quotes inside of quotes take the language's inner form: «ООО „Рубин“: насос». */
const quoted = (language: Language, title: string): string =>
  language === 'ru'
    ? `«${title.replaceAll('«', '„').replaceAll('»', '“')}»`
    : `"${title.replaceAll('"', "'")}"`

/** Which clocks have run out, in the order promise, silence, age: what a person can act on first. */
const reasons = (
  language: Language,
  clocks: DealClocks,
  ageDays: number,
  silenceDays: number | null,
): string[] => {
  const found: string[] = []
  const ru = language === 'ru'
  if (clocks.flags.includes('silence') && silenceDays !== null)
    found.push(
      ru
        ? `молчит ${workingDays('ru', round(silenceDays))}`
        : `silent for ${workingDays('en', round(silenceDays))}`,
    )
  if (clocks.promise === 'missing') found.push(ru ? 'шага нет' : 'no next step')
  if (clocks.promise === 'overdue') found.push(ru ? 'шаг просрочен' : 'the step is overdue')
  if (found.length < 2 && clocks.flags.includes('age'))
    found.push(
      ru
        ? `${workingDays('ru', round(ageDays))} на стадии`
        : `${workingDays('en', round(ageDays))} in the stage`,
    )
  return found
}

export const dealLine = (
  language: Language,
  deal: {
    title: string
    level: Level
    amount: number | null
    currency: string | null
    ageDays: number
    silenceDays: number | null
    clocks: DealClocks
  },
): string => {
  // A sum of zero is mostly a sum that nobody has filled in.
  const worth = !deal.amount ? '' : `, ${amount(language, deal.amount, deal.currency)}`
  const why = reasons(language, deal.clocks, deal.ageDays, deal.silenceDays).join(', ')
  return `${glyph(deal.level)} ${quoted(language, deal.title)}${worth}${why === '' ? '.' : `: ${why}.`}`
}

export const employeeGreeting = (
  language: Language,
  given: { name: string; when: string | null; items: number; minutes: number },
): string => {
  const work = `${items(language, given.items)}, ${aboutMinutes(language, given.minutes)}`
  if (language === 'en')
    return `Good morning, ${given.name}. ${given.when === null ? 'Today' : `Before the planerka ${given.when}`}: ${work}.`
  return `Доброе утро, ${given.name}. ${given.when === null ? 'Сегодня' : `До планёрки ${given.when}`}: ${work}.`
}

export const moreDeals = (language: Language, count: number): string =>
  language === 'ru' ? `▲ Ещё ${deals('ru', count)}.` : `▲ ${deals('en', count)} more.`

export const teamLine = (
  language: Language,
  given: { score: number | null; delta: number | null; isAmnesty: boolean },
): string => {
  const ru = language === 'ru'
  if (given.isAmnesty)
    return ru
      ? 'Две недели разбираем завалы, балл не показываем.'
      : 'Two weeks to clear the heap, no score meanwhile.'
  if (given.score === null)
    return ru ? 'Балл команды пока не считается: мало данных.' : 'No team score yet: not enough data.'
  const score = round(given.score)
  if (given.delta === null) return ru ? `Команда ${score}.` : `Team ${score}.`
  const delta = round(given.delta)
  const signed = delta > 0 ? `+${delta}` : delta < 0 ? `−${-delta}` : '±0'
  return ru ? `Команда ${score}, ${signed} за 4 недели.` : `Team ${score}, ${signed} in 4 weeks.`
}

export const redLine = (language: Language, count: number, money: Money): string => {
  const worth = sum(language, money)
  if (count === 0) return language === 'ru' ? 'Красных сделок нет.' : 'No red deals.'
  const few = new Intl.PluralRules('ru').select(count)
  return language === 'ru'
    ? `${count} ${few === 'one' ? 'красная' : 'красных'}${worth === null ? '' : ` на ${worth}`}.`
    : `${count} red${worth === null ? '' : ` worth ${worth}`}.`
}

export const changesLine = (
  language: Language,
  given: { movedForward: number; won: number; cleared: number; newRed: number },
): string => {
  const parts: string[] = []
  const ru = language === 'ru'
  if (given.movedForward > 0) parts.push(`${ru ? 'вперёд' : 'moved on'} ${given.movedForward}`)
  if (given.won > 0) parts.push(`${ru ? 'выиграно' : 'won'} ${given.won}`)
  if (given.cleared > 0) parts.push(`${ru ? 'снято флагов' : 'flags cleared'} ${given.cleared}`)
  if (given.newRed > 0) parts.push(`${ru ? 'новых красных' : 'new red'} ${given.newRed}`)
  return `${ru ? 'За неделю' : 'This week'}: ${parts.join(', ')}.`
}

export const partialLine = (language: Language, weeks: number): string =>
  language === 'ru'
    ? `Данные за ${plural('ru', weeks, { one: 'неделю', few: 'недели', many: 'недель' }, { one: '', other: '' })}, выводы предварительные.`
    : `Based on ${weeks} ${weeks === 1 ? 'week' : 'weeks'}, preliminary.`

export const cleanWeek = (language: Language): string =>
  language === 'ru'
    ? 'Неделя без красных сделок. Хороших выходных!'
    : 'A week without red deals. Have a good weekend!'

export const noUpdateSince = (language: Language, time: string): string =>
  language === 'ru' ? `Данные не обновились с ${time}.` : `No update since ${time}.`

export const planerkaLine = (language: Language, when: string, length: number): string =>
  language === 'ru'
    ? `Планёрка ${when}, ${minutes('ru', length)}.`
    : `Planerka ${when}, ${minutes('en', length)}.`

/** «в 10:00», «завтра в 10:00», «в понедельник в 10:00». */
export const moment = (language: Language, daysAhead: number, weekday: number, time: string): string => {
  if (daysAhead === 0) return language === 'ru' ? `в ${time}` : `at ${time}`
  if (daysAhead === 1) return language === 'ru' ? `завтра в ${time}` : `tomorrow at ${time}`
  const ru = [
    'в понедельник',
    'во вторник',
    'в среду',
    'в четверг',
    'в пятницу',
    'в субботу',
    'в воскресенье',
  ]
  const en = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
  return language === 'ru' ? `${ru[weekday - 1]} в ${time}` : `on ${en[weekday - 1]} at ${time}`
}

export const labels = {
  open: { ru: 'Открыть', en: 'Open' },
  list: { ru: 'Открыть список', en: 'Open the list' },
  agenda: { ru: 'Повестка', en: 'Agenda' },
  overview: { ru: 'Обзор', en: 'Overview' },
  redDeals: { ru: 'Красные сделки', en: 'Red deals' },
} as const
