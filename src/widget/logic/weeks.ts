const WEEK_MS = 7 * 86_400_000

/** Which of the ascending Mondays begins the week that holds `day`; null = outside of them. */
export const weekIndexOf = (mondays: readonly string[], day: string): number | null => {
  const at = Date.parse(`${day.slice(0, 10)}T00:00:00Z`)
  const index = mondays.findIndex(monday => {
    const from = Date.parse(`${monday}T00:00:00Z`)
    return at >= from && at < from + WEEK_MS
  })
  return index === -1 ? null : index
}
