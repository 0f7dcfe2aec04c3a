import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clipped, closeBrowser, hasChromium, named, openBrowser, openPage, overflow } from './browser.ts'
import { ensureBuilt } from './built.ts'
import { scene, startMock } from './mock-api.ts'

let browser: BrowserContext
let mock: Awaited<ReturnType<typeof startMock>>

/** Labels of arcs that lie over a node or over another label, as the browser drew them; words broken inside. */
const DRAWN_BADLY = `(() => {
  const out = []
  const rects = selector => [...document.querySelectorAll(selector)].filter(e => e.getClientRects().length > 0).map(e => [e, e.getBoundingClientRect()])
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
  const pills = rects('.pill rect')
  for (const [index, [, pill]] of pills.entries()) {
    for (const [, node] of rects('.node')) if (meet(pill, node)) out.push('a label on a stage')
    for (const [, other] of pills.slice(index + 1)) if (meet(pill, other)) out.push('a label on a label')
  }
  for (const [name] of rects('.node .name')) {
    const text = name.firstChild
    for (const word of (text?.data ?? '').matchAll(/\\S+/g)) {
      const range = document.createRange()
      range.setStart(text, word.index)
      range.setEnd(text, word.index + word[0].length)
      const lines = new Set([...range.getClientRects()].map(rect => Math.round(rect.top)))
      if (lines.size > 1) out.push('broken: ' + word[0])
      if (name.scrollWidth > name.clientWidth + 1) out.push('wide: ' + word[0])
    }
  }
  for (const [table, box] of rects('.times')) if (box.right > table.closest('.pl-card').getBoundingClientRect().right) out.push('the table of times leaves its card')
  return out
})()`

describe.skipIf(!hasChromium)(named('the process on the screen'), () => {
  beforeAll(async () => {
    await ensureBuilt()
    mock = await startMock()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await closeBrowser(browser)
    await mock?.stop()
  })

  test.each(['ru', 'en'] as const)(
    'shows a long pipeline, one of a single stage, one with two ways to lose and an empty one, in %s',
    async language => {
      const { page, problems } = await openPage(browser, mock.page(scene({ view: 'process', language })))
      const pipelines = page.locator('.filters select').first()
      await pipelines.waitFor({ timeout: 20_000 })
      for (const pipeline of ['0', '7', '8', '9', '10']) {
        await pipelines.selectOption(pipeline)
        for (const width of [360, 1048, 1280, 1920]) {
          await page.setViewportSize({ width, height: 900 })
          await page.waitForTimeout(120)
          const where = `${pipeline}, ${width}`
          expect(await page.evaluate(DRAWN_BADLY), where).toEqual([])
          expect(await overflow(page), where).toEqual([])
          expect(await clipped(page), where).toEqual([])
        }
      }
      expect(problems).toEqual([])
      await page.close()
    },
    120_000,
  )

  test('opens an arc by the keyboard to its deals and to what it does to winning, and closes again', async () => {
    const { page, problems } = await openPage(browser, mock.page(scene({ view: 'process' })))
    await page.locator('.node.won').waitFor({ timeout: 20_000 })
    await page.locator('.arc.main').focus()
    await page.keyboard.press('Enter')
    const panel = page.locator('[role=dialog]')
    await panel.locator('tbody tr').first().waitFor()
    expect(await panel.locator('h2.title').textContent()).toBe('Квалификация → КП отправлено')
    const text = (await panel.textContent()) ?? ''
    expect(text).toContain('168 сделок: выиграно 20, проиграно 132, открыто 16')
    expect(text.replaceAll('\u00a0', ' ')).toContain('Выигрыш 13 % (20 из 152), по дороге 30 % (90 из 300)')
    expect(text).toContain('Показаны 90 из 168')
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await page.locator('.node').first().click()
    await panel.locator('h2.title', { hasText: 'Были на «Новая заявка»' }).waitFor()
    expect(problems).toEqual([])
    await page.close()
  }, 60_000)

  test('shows one person’s process to a head, and an employee the own one', async () => {
    const { page } = await openPage(browser, mock.page(scene({ view: 'process' })))
    await page.locator('select[aria-label="Сотрудник"]').selectOption('13')
    await page.locator('.pl-note', { hasText: 'сделки: Гусева Ольга' }).waitFor({ timeout: 20_000 })
    await page.close()
    const own = await openPage(browser, mock.page(scene({ view: 'process', role: 'employee' })))
    await own.page.locator('.pl-note', { hasText: 'ваши сделки' }).waitFor({ timeout: 20_000 })
    expect(await own.page.locator('select[aria-label="Сотрудник"]').count()).toBe(0)
    expect(await own.page.locator('nav .tab.active').textContent()).toContain('Процесс')
    await own.page.close()
  }, 60_000)

  test('keeps period and outcome in the route, says what a period is, and leaves shares of wins out by outcome', async () => {
    const { page, problems } = await openPage(browser, mock.page(scene({ view: 'process' })))
    await page.locator('select[aria-label="Когда создана"]').selectOption('90')
    await page.locator('.pl-note', { hasText: 'созданы за 90 дней до' }).waitFor({ timeout: 20_000 })
    await page.locator('.pl-note', { hasText: 'Период — по дате создания' }).waitFor()
    expect(await page.locator('.node.won').textContent()).toContain('%')
    await page.locator('select[aria-label="Исход"]').selectOption('won')
    await page.locator('.pl-note', { hasText: 'только выигранные · созданы за 90 дней' }).waitFor()
    expect(await page.locator('.node.won').textContent()).not.toContain('%')
    expect(await page.locator('.paths .figures').allTextContents()).not.toContainEqual(
      expect.stringContaining('%'),
    )
    expect(await page.locator('h1.pl-verdict').textContent()).not.toContain('выигрывают')
    // The deals behind a figure are of the same choice.
    const asked = page.waitForRequest(request => request.url().includes('/process/deals'))
    await page.locator('.node').first().click()
    expect((await asked).url()).toMatch(/period=90.*outcome=won/)
    await page.keyboard.press('Escape')
    await page.locator('select[aria-label="Когда создана"]').selectOption('30')
    await page
      .locator('.pl-verdict', { hasText: 'За период ни одна сделка не сменила стадию. Увеличьте период.' })
      .waitFor()
    await page.getByRole('button', { name: 'За всё время' }).click()
    await page.locator('.node.won').waitFor()
    expect(problems).toEqual([])
    await page.close()
  }, 60_000)

  test('lays the design beside the log, draws it by the keyboard and by a click, saves it and puts the default back', async () => {
    const { page, problems } = await openPage(browser, mock.page(scene({ view: 'process' })))
    await page.locator('button.compare').click({ timeout: 20_000 })
    const card = page.locator('section.compare')
    await card.locator('li', { hasText: 'Квалификация → КП отправлено' }).waitFor()
    expect(await card.textContent()).toContain('стадия за стадией до выигрыша')
    await card.getByRole('button', { name: 'Нарисовать задуманное' }).click()
    expect(await page.evaluate('document.activeElement.className')).toContain('editor')
    // What would take the drawing away is put away meanwhile.
    expect(await page.locator('.filters').count()).toBe(0)
    // Tab to the second stage, two edges on, Enter.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    const said = page.locator('.said')
    expect(await said.textContent()).toBe('Квалификация → КП отправлено: не задумано, 168 сделок')
    await page.keyboard.press('Enter')
    expect(await said.textContent()).toBe('Квалификация → КП отправлено: задумано, 168 сделок')
    // A drawn edge is wiped by a click on it, a new one made by clicking two stages.
    await page.locator('.edge[data-edge="NEW>QUAL"]').click()
    expect(await page.locator('.edge[data-edge="NEW>QUAL"]').getAttribute('class')).not.toContain('drawn')
    await page.locator('.edge[data-edge="NEW>QUAL"]').click()
    await page.locator('button.node').nth(0).click()
    await page.locator('button.node').nth(6).click()
    expect(await said.textContent()).toBe('Новая заявка → Оплата и отгрузка: задумано, 0 сделок')
    await page.locator('.editor').getByRole('button', { name: 'Сохранить' }).click()
    await card.locator('li', { hasText: 'Новая заявка → Оплата и отгрузка' }).waitFor()
    const sent = mock.patches.at(-1) as { pipeline: string; edges: [string, string][] }
    expect(sent.edges).toContainEqual(['QUAL', 'OFFER'])
    expect(sent.edges).toHaveLength(9)
    expect(await card.locator('li', { hasText: 'Квалификация → КП отправлено' }).count()).toBe(0)
    expect(await card.textContent()).toContain('со следующего снимка')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Нарисовать задуманное')
    await card.getByRole('button', { name: 'Вернуть по умолчанию' }).click()
    await card.locator('li', { hasText: 'Квалификация → КП отправлено' }).waitFor()
    expect(mock.patches.at(-1)).toMatchObject({ edges: null })
    expect(problems).toEqual([])
    await page.close()
  }, 60_000)

  test('draws by boxes in a narrow frame, lets an employee only look, and fits every width', async () => {
    const { page, problems } = await openPage(browser, mock.page(scene({ view: 'process', deals: 31 })))
    await page.setViewportSize({ width: 360, height: 900 })
    await page.locator('button.compare').click({ timeout: 20_000 })
    for (const width of [360, 1048, 1280]) {
      await page.setViewportSize({ width, height: 900 })
      expect(await overflow(page), `compared, ${width}`).toEqual([])
    }
    await page.getByRole('button', { name: 'Нарисовать задуманное' }).click()
    for (const width of [1280, 1048, 360]) {
      await page.setViewportSize({ width, height: 900 })
      await page.waitForTimeout(120)
      expect(await overflow(page), `drawn, ${width}`).toEqual([])
      expect(await clipped(page), `drawn, ${width}`).toEqual([])
    }
    await page.locator('.editor summary', { hasText: 'Квалификация' }).nth(1).click()
    await page.locator('.editor details').nth(1).getByLabel('КП отправлено').check()
    await page.locator('.editor').getByRole('button', { name: 'Сохранить' }).click()
    await page
      .locator('section.compare li', { hasText: 'Квалификация → КП отправлено' })
      .waitFor({ state: 'detached' })
    expect(problems).toEqual([])
    await page.close()
    const own = await openPage(browser, mock.page(scene({ view: 'process', role: 'employee' })))
    await own.page.locator('button.compare').click({ timeout: 20_000 })
    await own.page.locator('section.compare').waitFor()
    expect(await own.page.getByRole('button', { name: 'Нарисовать задуманное' }).count()).toBe(0)
    await own.page.close()
  }, 60_000)
})
