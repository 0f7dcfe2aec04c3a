import type { Overview } from '../../http/api-schema.ts'

export type Language = 'ru' | 'en'
export type Money = Overview['red']['amount']

const LOCALES = { ru: { numbers: 'ru-RU', dates: 'ru-RU' }, en: { numbers: 'en-US', dates: 'en-GB' } }
const NBSP = '\u00a0'

/** A true minus and no-break spaces, as in print. */
const polish = (text: string): string => text.replaceAll('-', '−').replaceAll(' ', NBSP)

export type Format = {
  language: Language
  number(value: number, digits?: number): string
  /** With its sign: `+7`, `−5`, `0`. */
  signed(value: number, digits?: number): string
  /** 0..1 as per cent. */
  share(value: number, digits?: number): string
  /** One sum, short (`4,2 млн ₽`) or whole (`620 000 ₽`). */
  sum(value: number, currency: string | null, style?: 'short' | 'whole'): string
  /** Sums by currency, after «на» or “worth”: the portal's own first, then «и ещё …». Never added together. */
  money(amount: Money): string
  /** The same in two parts for a narrow column: the portal's own sum and the rest, or null. */
  moneyParts(amount: Money): { main: string; rest: string | null }
  /** `2026-11-16` as `16 ноя` or `16 ноября`. */
  day(day: string, style?: 'short' | 'long'): string
  /** `16–22 ноября`. */
  dayRange(from: string, to: string): string
  /** Heads of weekly columns: the month is written only where it changes. */
  weekHeads(days: readonly string[]): string[]
  /** An instant in the portal's time zone. */
  instant(iso: string, style?: 'short' | 'day' | 'date' | 'time'): string
  list(parts: readonly string[]): string
}

/** Everything that turns figures into text. Money in the portal's currency, time in the portal's zone. */
export const createFormat = (
  language: Language,
  portal: { currency: string | null; timeZone: string },
): Format => {
  const locale = LOCALES[language]
  const cache = new Map<string, Intl.NumberFormat>()
  const numbers = (key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
    const known = cache.get(key)
    if (known !== undefined) return known
    const made = new Intl.NumberFormat(locale.numbers, options)
    cache.set(key, made)
    return made
  }
  const dates = (options: Intl.DateTimeFormatOptions, timeZone: string): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale.dates, { ...options, timeZone })
  const utc = (day: string): Date => new Date(`${day}T00:00:00Z`)
  // Three letters and no dot: a column head has no room for «нояб.» and «Sept».
  const unDot = (text: string): string =>
    text.replace(/\.(?=$|\s|,)/g, '').replace(/(нояб|сент|февр|Sept)(?!\p{L})/gu, month => month.slice(0, 3))

  const number: Format['number'] = (value, digits = 1) =>
    polish(numbers(`n${digits}`, { maximumFractionDigits: digits }).format(value))

  const sum: Format['sum'] = (value, given, style = 'short') => {
    // A deal without a currency is in the portal's own.
    const currency = given === null || given === '' ? portal.currency : given
    const isShort = style === 'short' && Math.abs(value) >= 10_000
    const base: Intl.NumberFormatOptions = isShort
      ? {
          notation: 'compact',
          maximumFractionDigits: Math.abs(value) >= 1e5 && Math.abs(value) < 1e6 ? 0 : 1,
        }
      : { maximumFractionDigits: 0 }
    const key = `m${style}${currency}${JSON.stringify(base)}`
    try {
      const money: Intl.NumberFormatOptions =
        currency === null ? base : { ...base, style: 'currency', currency, currencyDisplay: 'narrowSymbol' }
      return polish(numbers(key, money).format(value))
    } catch {
      // A currency the CRM invented: its own code after the figure.
      return `${polish(numbers(`${key}plain`, base).format(value))}${NBSP}${currency}`
    }
  }

  const moneyParts: Format['moneyParts'] = amount => {
    const sums = Object.entries(amount)
      .filter(([, value]) => value !== 0)
      .sort(([a, x], [b, y]) =>
        a === portal.currency ? -1 : b === portal.currency ? 1 : y - x || a.localeCompare(b),
      )
    const [main, ...others] = sums
    if (main === undefined) return { main: language === 'ru' ? 'без суммы' : 'no amount', rest: null }
    if (others.length === 0) return { main: sum(main[1], main[0]), rest: null }
    const rest = others.map(([currency, value]) => sum(value, currency)).join(', ')
    return { main: sum(main[1], main[0]), rest: language === 'ru' ? `и${NBSP}ещё ${rest}` : `plus ${rest}` }
  }

  return {
    language,
    number,
    signed: (value, digits = 0) => {
      // No minus before a nought.
      const text = number(value, digits).replace(/^−(?=[0,.]*$)/, '')
      return value > 0 && text !== '0' ? `+${text}` : text
    },
    share: (value, digits = 0) =>
      polish(numbers(`p${digits}`, { style: 'percent', maximumFractionDigits: digits }).format(value)),
    sum,
    money: amount => {
      // Deals without an amount are worth an unknown sum, not zero.
      if (Object.values(amount).every(value => value === 0))
        return language === 'ru' ? 'неизвестную сумму' : 'an unknown amount'
      const { main, rest } = moneyParts(amount)
      return rest === null ? main : `${main} ${rest}`
    },
    moneyParts,
    day: (day, style = 'short') =>
      unDot(
        dates({ day: 'numeric', month: style === 'long' ? 'long' : 'short' }, 'UTC').format(utc(day)),
      ).replace(/ /g, NBSP),
    dayRange: (from, to) =>
      unDot(dates({ day: 'numeric', month: 'long' }, 'UTC').formatRange(utc(from), utc(to))).replace(
        /\s?[–—-]\s?/,
        from.slice(0, 7) === to.slice(0, 7) ? '–' : ' – ',
      ),
    weekHeads: days =>
      days.map((day, index) => {
        const previous = days[index - 1]
        const isNewMonth = previous === undefined || previous.slice(0, 7) !== day.slice(0, 7)
        return isNewMonth
          ? unDot(dates({ day: 'numeric', month: 'short' }, 'UTC').format(utc(day))).replace(/ /g, NBSP)
          : String(Number(day.slice(8)))
      }),
    instant: (iso, style = 'short') => {
      const date = new Date(iso)
      const options: Intl.DateTimeFormatOptions =
        style === 'time'
          ? { hour: '2-digit', minute: '2-digit' }
          : style === 'day'
            ? { day: 'numeric', month: 'short' }
            : style === 'date'
              ? { day: '2-digit', month: '2-digit', year: 'numeric' }
              : { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }
      return unDot(dates(options, portal.timeZone).format(date)).replace(/^(\p{L}+), /u, '$1 ')
    },
    list: parts => new Intl.ListFormat(locale.dates, { type: 'conjunction' }).format(parts),
  }
}
