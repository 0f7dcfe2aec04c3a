import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { hasChromium, named } from './browser.ts'
import type { Scene } from './mock-api.ts'
import { createVisits } from './visits.ts'

const visits = createVisits()

const visit = async (part: Partial<Scene> = {}): Promise<Page> => {
  const { page } = await visits.open(part)
  return page
}
const sent = () => visits.mock().patches.at(-1) as { path?: string; dealIds?: string[] } | undefined

describe.skipIf(!hasChromium)(named('pauses and objections in a browser'), { timeout: 90_000 }, () => {
  visits.hooks()

  test('deals are chosen by X and by Shift and click, and paused together', async () => {
    const page = await visit({ view: 'stale', deals: 8 })
    await page.locator('[data-row="0"]').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByText(/Выбрана 1 сделка/).waitFor()
    await page
      .locator('.row .pick input')
      .nth(3)
      .click({ modifiers: ['Shift'] })
    await page.getByText(/Выбраны 4 сделки/).waitFor()
    await page.keyboard.press('z')
    await page.getByLabel('Причина на стороне клиента').selectOption('client_budget')
    await page.getByRole('button', { name: 'Поставить на паузу' }).click()
    await page.getByText('Готово: 4 сделки').waitFor()
    expect(sent()).toMatchObject({ path: '/pauses', reason: 'client_budget' })
    expect(sent()?.dealIds).toHaveLength(4)
  })

  test('Escape lets them go, and D objects to the flag of the row in hand', async () => {
    const page = await visit({ view: 'stale', deals: 8, role: 'employee' })
    await page.locator('[data-row="0"]').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('Escape')
    await page.getByText(/Выбрана/).waitFor({ state: 'detached' })
    await page.keyboard.press('d')
    await page.getByText('Передали руководителю.').waitFor()
    expect(sent()?.path).toBe('/objections')
  })

  test('a head answers an objection where it stands', async () => {
    const page = await visit({ view: 'stale', deals: 8 })
    await page.locator('.held').getByRole('button', { name: 'Это нормально' }).first().click()
    await expect.poll(() => sent()).toMatchObject({ path: '/objections/answer', answer: 'normal' })
  })

  test('in the first two weeks the five outcomes stand beside the choice, and nobody is compared', async () => {
    const page = await visit({ view: 'stale', state: 'amnesty', deals: 8 })
    await page.getByText('Разобрано 3 из 11 красных сделок').waitFor()
    await page.locator('.row .pick input').first().click()
    for (const outcome of ['Закрыть с причиной', 'Позже', 'Стадию назад', 'Новая дата с основанием'])
      await page.getByRole('button', { name: outcome }).waitFor()
    await page.getByRole('button', { name: 'Оставить с шагом' }).click()
    await expect.poll(() => sent()).toMatchObject({ path: '/amnesty/outcomes', outcome: 'step' })
    const overview = await visit({ state: 'amnesty' })
    await overview.getByText('людей не сравниваем').waitFor()
    expect(await overview.locator('[data-cell]').count()).toBe(0)
  })

  test('how good the flags are is told on demand', async () => {
    const page = await visit({ view: 'stale', deals: 8 })
    await page.getByText('Насколько флаги здесь верны').click()
    await page.getByText(/AUC 0,76 \(95 % интервал 0,73–0,79\)/).waitFor()
    await page.getByText(/На «КП отправлено» красные уходят вперёд почти как все/).waitFor()
  })

  test('the card of a deal says who did what and takes a pause', async () => {
    const page = await visit({ view: 'deal', params: { id: '703' } })
    await page.getByText(/Ещё 5 рабочих дней на этой стадии простоит/).waitFor()
    await page.getByRole('button', { name: 'Пауза' }).click()
    await page.getByRole('button', { name: 'Поставить на паузу' }).click()
    await expect.poll(() => sent()).toMatchObject({ path: '/pauses', dealIds: ['703'] })
    await page.getByText('Что делали с флагом').click()
    await page.getByText(/флаг оспорен \(Ахметов Руслан\)/).waitFor()
  })
})
