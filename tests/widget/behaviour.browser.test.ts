import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { hasChromium, named } from './browser.ts'
import { type Scene, scene } from './mock-api.ts'
import { createVisits } from './visits.ts'

const visits = createVisits()

const visit = async (part: Partial<Scene> = {}, more = ''): Promise<Page> => {
  const { page } = await visits.open(part, more)
  return page
}
const focused = (
  page: Page,
  what = 'document.activeElement.getAttribute("data-cell")',
): Promise<string | null> => page.evaluate(what)

describe.skipIf(!hasChromium)(named('the widget in a browser'), { timeout: 90_000 }, () => {
  visits.hooks()

  describe('a number', () => {
    test('opens its rule, its formula and its deals; Escape brings the focus back to it', async () => {
      const page = await visit({ view: 'employee', params: { id: '13' } })
      const number = page.getByRole('button', { name: '108 из 152 сделко-дней' })
      await number.click()
      const panel = page.getByRole('dialog')
      await panel.getByText('Вентиляция БЦ «Атриум»').first().waitFor()
      expect(await panel.innerText()).toContain('108 из 152 сделко-дней = 71')
      expect(await panel.getByRole('link').first().getAttribute('href')).toBe(
        'https://acme.example/crm/deal/details/700/',
      )
      await page.keyboard.press('Escape')
      await panel.waitFor({ state: 'detached' })
      expect(await focused(page, 'document.activeElement.textContent.trim()')).toContain('108')
    })

    test('of the score opens to its parts, and a part opens its deals with a way back', async () => {
      const page = await visit()
      await page.locator('[data-cell="2:11"]').click()
      const panel = page.getByRole('dialog')
      await panel.getByRole('button', { name: 'Следующий шаг назначен' }).click()
      await panel.getByText('Вентиляция БЦ «Атриум»').first().waitFor()
      await panel.getByRole('button', { name: 'Назад' }).click()
      await panel.getByText('Из чего сложился балл').waitFor()
    })

    test('of a person’s first tidying opens what was tidied in that week', async () => {
      const page = await visit({ view: 'employee', params: { id: '13' } })
      const asked = page.waitForRequest(/evidence/)
      await page.locator('.firsts').getByRole('button', { name: 'на 2-й неделе' }).click()
      const { searchParams } = new URL((await asked).url())
      expect(Object.fromEntries(searchParams)).toMatchObject({
        metric: 'M26',
        id: '13',
        asOf: '2026-10-26T00:00:00.000Z',
      })
      await page.getByRole('dialog').waitFor()
      expect(await page.locator('.firsts').textContent()).toContain('Привычка без уборки: ещё нет')
    })

    test('of red deals leads to exactly those deals', async () => {
      const page = await visit()
      await page.locator('.verdict a.red').click()
      await page.locator('.row').first().waitFor()
      expect(await page.getByRole('combobox', { name: 'Уровень' }).inputValue()).toBe('red')
      expect(await page.locator('.row .amber').count()).toBe(0)
    })
  })

  test('what changed opens its deals, and gives the focus back', async () => {
    const page = await visit()
    const count = page.getByRole('button', { name: '3', exact: true }).last()
    await count.click()
    const panel = page.getByRole('dialog')
    await panel.locator('tbody tr').first().waitFor()
    expect(await panel.locator('tbody tr').count()).toBe(3)
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    expect(await count.evaluate(node => node === node.ownerDocument.activeElement)).toBe(true)
  })

  describe('the check of the score itself', () => {
    test('says after two quarters that no use is seen, and what weights would follow what worked', async () => {
      const page = await visit({ view: 'catalogue' })
      const card = page.locator('.theatre')
      await card.locator('.weights').waitFor()
      expect(await card.textContent()).toContain('второй квартал подряд')
      expect(await card.locator('.results .effect').allTextContents()).toEqual([
        'мало данных',
        '+0,4 (от −1,1 до +1,9)',
      ])
      expect(await card.locator('.weights b').allTextContents()).toEqual(['28', '20'])
    })

    test('opens the weeks that a link is counted from, and each of them its score and its result', async () => {
      const page = await visit({ view: 'catalogue' })
      const count = page.locator('.theatre .results tbody tr').nth(1).getByRole('button')
      await count.click()
      expect(await count.getAttribute('aria-expanded')).toBe('true')
      const rows = page.locator('.theatre .weeks tbody tr')
      await rows.first().waitFor()
      expect(await rows.count()).toBe(108)
      expect((await rows.first().locator('td').last().textContent())?.trim()).toMatch(/^\d+ на \d+ сделко-д/)
      for (const [cell, metric] of [
        [1, 'score'],
        [2, 'M21.skips'],
      ] as const) {
        const asked = page.waitForRequest(/evidence/)
        await rows.first().locator('td').nth(cell).getByRole('button').click()
        expect(new URL((await asked).url()).searchParams.get('metric')).toBe(metric)
        await page.getByRole('dialog').getByRole('button', { name: 'Закрыть' }).click()
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      }
      await count.click()
      expect(await rows.count()).toBe(0)
    })

    test('counts the weeks of people whom an employee does not see without showing them', async () => {
      const page = await visit({ view: 'catalogue', role: 'employee' })
      await page.locator('.theatre .results tbody tr').nth(1).getByRole('button').click()
      await page.locator('.theatre .weeks tbody tr').first().waitFor()
      expect(await page.locator('.theatre .weeks tbody tr').count()).toBe(12)
      await page.locator('.theatre').getByText('Ещё 96 недель').waitFor()
    })

    test('tells the day of the first answer while no quarter has passed', async () => {
      const page = await visit({ view: 'catalogue', state: 'empty' })
      await page.locator('.theatre').getByText('Первая проверка').waitFor()
      expect(await page.locator('.theatre table').count()).toBe(0)
    })
  })

  describe('a person’s page', () => {
    test('keeps the focus when the next person is stepped to', async () => {
      const page = await visit({ view: 'employee', params: { id: '13' }, role: 'head' })
      await page.getByRole('button', { name: 'Следующий сотрудник' }).click()
      await page.waitForFunction("document.activeElement?.tagName === 'H1'")
      expect(await page.evaluate('document.activeElement.textContent')).not.toBe('')
    })

    test('names every deal of a fix, and the count behind it apart', async () => {
      const page = await visit({ view: 'employee', params: { id: '13' }, role: 'head' })
      const fix = page.locator('.fix').first()
      const all = Number((await fix.locator('.all').textContent())?.match(/\d+/)?.[0])
      await fix.locator('.all').click()
      expect(await fix.locator('.deals li').count()).toBe(all)
      await fix.getByRole('button', { name: 'Показать расчёт' }).click()
      await page.getByRole('dialog').waitFor()
    })
  })

  describe('the keyboard', () => {
    test('walks the heat map with arrows and opens a cell with Enter', async () => {
      const page = await visit()
      await page.locator('[data-cell="0:11"]').focus()
      for (const key of ['ArrowDown', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key)
      expect(await focused(page)).toBe('1:9')
      expect(await page.locator('[data-cell][tabindex="0"]').count()).toBe(1)
      expect(await page.locator('[data-cell="1:9"]').getAttribute('aria-label')).toBe(
        'Белова Наталья, неделя 2\u00a0ноября: 74, формируется, +10 за 4 недели',
      )
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
    })

    test('goes through deals with J and K in a Russian layout, and opens the card with Enter', async () => {
      const page = await visit({ view: 'stale' })
      await page.locator('.row').first().waitFor()
      const press = (code: string, key: string): Promise<void> =>
        page.evaluate(
          `document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { code: '${code}', key: '${key}', bubbles: true }))`,
        )
      await press('KeyJ', 'о')
      await press('KeyJ', 'о')
      await press('KeyK', 'л')
      expect(await focused(page, 'document.activeElement.dataset.row')).toBe('0')
      const [card] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')])
      expect(card.url()).toMatch(
        /^https:\/\/acme\.example\/crm\/deal\/details\/\d+\/$|about:blank|chrome-error/,
      )
      await card.close()
    })

    test('turns to the next person with ] and opens the first fix with 1', async () => {
      const page = await visit({ view: 'employee', params: { id: '13' } })
      await page.getByRole('heading', { level: 1, name: 'Гусева Ольга' }).waitFor()
      await page.keyboard.press(']')
      await page.getByRole('heading', { level: 1, name: 'Ким Дмитрий' }).waitFor()
      await page.keyboard.press('1')
      await page.getByRole('dialog').getByText('Следующий шаг назначен').first().waitFor()
    })

    test('leaves letters alone where one types', async () => {
      const page = await visit({ view: 'people' })
      const search = page.getByRole('searchbox')
      await search.fill('')
      await search.pressSequentially('орл/')
      expect(await search.inputValue()).toBe('орл/')
    })
  })

  describe('the frame is never empty', () => {
    test('before the server has answered', async () => {
      const page = await visits.blank()
      await page.route('**/api/v1/session', () => undefined)
      await page.goto(visits.mock().page(scene()))
      expect(await page.locator('.pl-boot').isVisible()).toBe(true)
    })

    test('when the session does not open', async () => {
      const page = await visit({ state: 'nosession' })
      expect(await page.getByRole('alert').innerText()).toContain('Сеанс истёк')
    })

    test('when every answer is an error: the code and a retry stand in the place of the card', async () => {
      const page = await visit({ state: 'broken' })
      const alert = page.getByRole('alert').first()
      await alert.waitFor()
      expect(await alert.innerText()).toContain('database_unavailable')
      await alert.getByRole('button', { name: 'Повторить' }).waitFor()
      expect(await page.getByRole('navigation', { name: 'Разделы' }).isVisible()).toBe(true)
    })

    test('in a portal without deals: each screen says what to do', async () => {
      const page = await visit({ state: 'empty' })
      await page.getByText('Выберите, кого считать').waitFor()
      await page.getByRole('link', { name: 'Зависшие' }).click()
      await page.getByText('Ничего не зависло').waitFor()
      await page.getByRole('link', { name: 'Процесс' }).click()
      await page.getByText('ни одна сделка ещё не сменила стадию').waitFor()
    })

    test('while it is being installed', async () => {
      const page = await visit({}, '&mode=install')
      await page.getByRole('heading', { name: 'Устанавливаем Планёрку' }).waitFor()
      expect(await page.getByRole('progressbar').isVisible()).toBe(true)
    })

    test('during the first sync, which asks again by itself', async () => {
      const page = await visit({ state: 'sync' })
      await page.getByText('осталось около 3 минут').waitFor()
      await page.waitForRequest(request => request.url().endsWith('/api/v1/sync'), { timeout: 4000 })
      expect(await page.getByText('2\u00a0310 из 3\u00a0812').isVisible()).toBe(true)
    })
  })

  describe('rights', () => {
    test('an employee lands on the own page and has no tab of the head', async () => {
      const page = await visit({ role: 'employee' })
      await page.getByRole('heading', { level: 1, name: 'Гусева Ольга' }).waitFor()
      expect(
        await page.getByRole('navigation', { name: 'Разделы' }).getByRole('link').allInnerTexts(),
      ).toEqual(['Моя страница', expect.stringContaining('Мои зависшие'), 'Процесс', 'Настройки'])
    })

    test('a head sees the settings of the portal but cannot change them', async () => {
      const page = await visit({ role: 'head', view: 'settings', params: { section: 'calendar' } })
      await page.locator('#settings-zone').waitFor()
      expect(await page.locator('#settings-zone').isDisabled()).toBe(true)
      expect(await page.locator('.head').innerText()).toContain('Менять может администратор')
    })

    test('a withdrawn access is told above everything else', async () => {
      const page = await visit({ state: 'reauth' })
      await page.getByText('CRM отозвала доступ').waitFor()
    })
  })

  describe('a long list', () => {
    test('of 300 deals draws only what is near the view, and reaches the last', async () => {
      const page = await visit({ view: 'stale', deals: 300 })
      await page.locator('.row').first().waitFor()
      expect(await page.locator('.row').count()).toBeLessThan(60)
      await page.locator('.scroll').evaluate(element => element.scrollTo({ top: element.scrollHeight }))
      await page.locator('[data-row="299"]').waitFor()
      expect(await page.locator('.row').count()).toBeLessThan(60)
    })
  })

  describe('a choice', () => {
    test('of filters lives in the route, and an empty result says how to leave it', async () => {
      const page = await visit({ view: 'stale' })
      await page.getByRole('combobox', { name: 'Уровень' }).selectOption('amber')
      await page.getByRole('combobox', { name: 'Стадия' }).selectOption({ label: 'Квалификация' })
      await page.getByRole('button', { name: 'Сбросить фильтр' }).click()
      await page.locator('.row').first().waitFor()
    })

    test('of the language changes every word at once and is saved', async () => {
      const page = await visit({ role: 'admin', view: 'settings' })
      await page.getByRole('radio', { name: 'English' }).click()
      await page.getByRole('heading', { name: 'Settings' }).waitFor()
      expect(await page.getAttribute('html', 'lang')).toBe('en')
      expect(visits.mock().patches).toContainEqual({ language: 'en' })
    })

    test('of the portal is sent as the change alone', async () => {
      const page = await visit({ role: 'admin', view: 'settings', params: { section: 'calendar' } })
      await page.getByRole('button', { name: 'Сб' }).click()
      await page.getByText('Сохранено').waitFor()
      expect(visits.mock().patches).toContainEqual({ calendar: { workdays: [1, 2, 3, 4, 5, 6] } })
    })
  })

  describe('inside of the other CRM', () => {
    test('takes the ticket from the fragment, clears it, and asks the script around it to open a card', async () => {
      const page = await visits.blank()
      await page.goto(visits.mock().host(scene({ view: 'stale' })))
      const frame = page.frameLocator('iframe')
      await frame.locator('.row').first().waitFor()
      expect(page.frames()[1]?.url()).not.toContain('ticket')
      await frame.locator('.row .name').first().click()
      await expect
        .poll(() => page.evaluate('window.asked'))
        .toContainEqual({
          from: 'planerka',
          type: 'open',
          path: expect.stringMatching(/^\/crm\/deal\/details\/\d+\/$/),
        })
    })
  })
})
