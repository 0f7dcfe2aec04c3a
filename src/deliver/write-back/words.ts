import type { Level } from '../../snapshot/document.ts'

/** What people read in their CRM, in the portal's language. */

type Language = 'ru' | 'en'
type Flagged = Exclude<Level, 'none'>

const MARKS: Record<Language, Record<Flagged, string>> = {
  ru: { amber: 'Планёрка: внимание', red: 'Планёрка: зависла' },
  en: { amber: 'Planerka: look here', red: 'Planerka: stale' },
}

/** The tag, or the field's text, of a deal of this level. */
export const markOf = (level: Flagged, language: Language): string => MARKS[language][level]

/** Every mark that we may ever have written, in any language. */
export const ALL_MARKS: readonly string[] = Object.values(MARKS).flatMap(marks => Object.values(marks))

const MAX_TITLE = 200

/** The task that asks for a next step. */
export const stepTitle = (dealTitle: string, language: Language): string => {
  const name = dealTitle.replaceAll(/\s+/g, ' ').trim()
  const [plain, named] =
    language === 'ru'
      ? ['Планёрка: поставить следующий шаг', `Планёрка: поставить следующий шаг — «${name}»`]
      : ['Planerka: set the next step', `Planerka: set the next step: "${name}"`]
  return (name === '' ? plain : named).slice(0, MAX_TITLE)
}
