/** Words of the reason sentence (screens, section 7). Facts only, the unit always said. */

const plural = new Intl.PluralRules('ru')

/** A length in working days: whole from ten up, one decimal below. */
const amountOf = (days: number): string => {
  const rounded = days >= 10 ? Math.round(days) : Math.round(days * 10) / 10
  return String(rounded).replace('.', ',')
}

const workingDays = (days: number): string => {
  const amount = amountOf(days)
  if (amount.includes(',')) return `${amount} рабочего дня`
  const form = plural.select(Number(amount))
  return `${amount} ${form === 'one' ? 'рабочий день' : form === 'few' ? 'рабочих дня' : 'рабочих дней'}`
}

export type StaleFacts = {
  stageName: string
  ageDays: number
  /** Set when the age clock has run out. */
  t80Days: number | null
  isPreset: boolean
  /** Set when the silence clock has run out. */
  silence: { days: number; s80Days: number; hasContact: boolean } | null
  promise: 'missing' | 'overdue' | null
  promiseOverdueDays: number | null
}

/**
 * @returns «17 рабочих дней на «КП отправлено»; 80 % сделок, которые идут дальше, уходят за 9. Клиент молчит
 * 12 рабочих дней. Шага нет.»
 */
export const staleReason = (facts: StaleFacts): string => {
  const sentences: string[] = []
  if (facts.t80Days !== null) {
    const stood = `${workingDays(facts.ageDays)} на «${facts.stageName}»`
    sentences.push(
      facts.isPreset
        ? `${stood}; истории мало, общий порог ${amountOf(facts.t80Days)}.`
        : `${stood}; 80 % сделок, которые идут дальше, уходят за ${amountOf(facts.t80Days)}.`,
    )
  }
  if (facts.silence !== null) {
    const { days, s80Days, hasContact } = facts.silence
    const silent = hasContact
      ? `Клиент молчит ${workingDays(days)}`
      : `Разговора с клиентом не было ${workingDays(days)}`
    sentences.push(`${silent}${facts.t80Days === null ? `, обычно не дольше ${amountOf(s80Days)}` : ''}.`)
  }
  if (facts.promise === 'missing') sentences.push('Шага нет.')
  if (facts.promise === 'overdue')
    sentences.push(`Шаг просрочен на ${workingDays(facts.promiseOverdueDays ?? 0)}.`)
  return sentences.join(' ')
}
