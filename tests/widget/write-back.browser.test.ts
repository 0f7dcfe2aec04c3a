import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { clipped, hasChromium, named, overflow } from './browser.ts'
import type { Scene } from './mock-api.ts'
import { createVisits } from './visits.ts'

const visits = createVisits()

const visit = visits.open
const settings = (part: Partial<Scene> = {}): Partial<Scene> => ({
  view: 'settings',
  role: 'admin',
  params: { section: 'writeBack' },
  ...part,
})
const chooseTwo = async (page: Page): Promise<void> => {
  await page.locator('.row').first().waitFor()
  for (const index of [0, 1]) await page.locator('.row input[type=checkbox]').nth(index).check()
}

describe.skipIf(!hasChromium)(named('writing into the CRM'), { timeout: 90_000 }, () => {
  visits.hooks()

  test('cannot be switched on before its preview was looked at, and shows what was written and what stayed', async () => {
    const { page, problems } = await visit(settings({ deals: 25 }))
    await page.getByText('Выключено. В CRM не меняется ничего.').waitFor()
    expect(await page.getByRole('button', { name: 'Показать, что изменится' }).isDisabled()).toBe(true)
    for (const each of await page.getByRole('switch').all()) await each.click()
    expect(await page.getByRole('button', { name: 'Включить' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Показать, что изменится' }).click()
    await page.getByText('31 изменение').waitFor()
    expect(await page.locator('.change').count()).toBe(20)
    // Another choice is another plan.
    await page.getByRole('radio', { name: 'Красные и жёлтые' }).click()
    expect(await page.getByRole('button', { name: 'Включить' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Показать, что изменится' }).click()
    await page.getByRole('button', { name: 'Включить' }).click()
    await page.getByText('Включено. Первая запись').waitFor()
    expect(visits.mock().patches.at(-1)).toEqual({
      marks: true,
      tasks: true,
      level: 'amber',
      hash: 'a'.repeat(32),
    })

    await page.getByRole('button', { name: 'Записать сейчас' }).click()
    await page.getByText('Записано 31 из 31').waitFor()
    await page.locator('.entries li').first().waitFor()
    expect(await page.locator('.entries li').count()).toBe(31)
    await page.getByRole('button', { name: 'Вернуть всё' }).click()
    await page.getByText('возвращено 30').waitFor()
    const first = page.locator('.entries li').first()
    await first.getByText('не тронуто').waitFor()
    await first.getByText('метку поменяли в CRM').waitFor()
    await page.getByRole('button', { name: 'Выключить' }).click()
    await page.getByText('Выключено. В CRM не меняется ничего.').waitFor()
    expect(problems).toEqual([])
  })

  test('is shown to a head, who may not switch it, and not to an employee', async () => {
    const { page } = await visit(settings({ role: 'head' }))
    await page.getByText('Включает и выключает администратор.').waitFor()
    expect(await page.getByRole('button', { name: 'Показать, что изменится' }).count()).toBe(0)
    expect(await page.getByRole('switch').first().isDisabled()).toBe(true)
    const { page: own } = await visit(settings({ role: 'employee' }))
    await own.getByRole('heading', { name: 'Настройки' }).waitFor()
    expect(await own.getByRole('link', { name: 'Запись в CRM' }).count()).toBe(0)
  })

  test('puts a task on the chosen deals after a look, and takes it back on the spot', async () => {
    const { page, problems } = await visit({ view: 'stale', params: { writes: 'on' } })
    await chooseTwo(page)
    await page.getByRole('button', { name: 'Поставить задачу' }).click()
    const dialog = page.getByRole('dialog', { name: 'Что изменится в CRM' })
    await dialog.getByText('2 изменения').waitFor()
    await dialog.getByRole('textbox', { name: 'Текст задачи' }).fill('Позвонить и договориться о встрече')
    await page.keyboard.press('Tab')
    await dialog.getByText('Позвонить и договориться о встрече, до').first().waitFor()
    await dialog.getByRole('button', { name: 'Записать в CRM' }).click()
    await dialog.getByText('Записано 2. Вернуть можно 24 часа.').waitFor()
    expect(visits.mock().patches.at(-1)).toMatchObject({
      action: 'task',
      title: 'Позвонить и договориться о встрече',
      dealIds: [expect.any(String), expect.any(String)],
    })
    await dialog.getByRole('button', { name: 'Вернуть' }).click()
    await dialog.getByText('Возвращено как было.').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(problems).toEqual([])
  })

  test('offers nothing to an employee, and says that it is off to a head', async () => {
    const { page } = await visit({ view: 'stale' })
    await chooseTwo(page)
    await page.getByText('Запись в CRM выключена.').waitFor()
    expect(await page.getByRole('button', { name: 'Поставить задачу' }).count()).toBe(0)
    const { page: own } = await visit({ view: 'stale', role: 'employee', params: { writes: 'on' } })
    await own.locator('.row').first().waitFor()
    await own.locator('.row input[type=checkbox]').first().check()
    expect(await own.getByRole('button', { name: 'Отметить в CRM' }).count()).toBe(0)
  })

  test.each(['ru', 'en'] as const)('fits every width in both themes in %s', async language => {
    const { page, problems } = await visit(settings({ language, deals: 12 }))
    await page.getByRole('switch').first().waitFor()
    for (const each of await page.getByRole('switch').all()) await each.click()
    await page.locator('.actions .pl-act').first().click()
    await page.locator('.change').first().waitFor()
    const { page: list } = await visit({ view: 'stale', language, params: { writes: 'on' } })
    await chooseTwo(list)
    await list.locator('.bulk .pl-act').last().click()
    await list.locator('dialog .change').first().waitFor()
    for (const width of [360, 1280, 1920])
      for (const theme of ['light', 'dark'])
        for (const [name, each] of [
          ['settings', page],
          ['dialog', list],
        ] as const) {
          await each.setViewportSize({ width, height: 900 })
          await each.evaluate(`document.documentElement.className = '${theme}'`)
          await each.waitForTimeout(60)
          const where = `${name}, ${language}, ${theme}, ${width}`
          expect(await overflow(each), where).toEqual([])
          expect(await clipped(each), where).toEqual([])
          const shots = process.env['SHOTS']
          if (shots) await each.screenshot({ path: `${shots}/${name}-${language}-${theme}-${width}.png` })
        }
    expect(problems).toEqual([])
  })
})
